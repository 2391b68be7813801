/// A safetensors file, mapped and validated; tensors are read where they lie.
///
/// As strict as the reference implementation: no gap, overlap or trailing byte, no duplicate name, no unknown type.
package final class SafetensorsFile: Sendable {
    /// Longest header that is accepted, in bytes; the reference implementation's limit.
    package static let headerLimit = 100_000_000

    package let path: String
    package let entries: [String: TensorEntry]
    package let metadata: [String: String]
    private let file: MappedFile

    /// Maps and checks the file at `path`.
    ///
    /// - Throws: `SafetensorsError` that says what is wrong with which tensor.
    package init(path: String) throws(SafetensorsError) {
        let file = try MappedFile(path: path)
        let size = unsafe file.bytes.count
        guard size >= 8 else { throw SafetensorsError(path, "\(size) bytes are too few for a header") }
        let length = unsafe UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.headerLimit else {
            throw SafetensorsError(path, "the header says it has \(length) bytes; the limit is \(Self.headerLimit)")
        }
        let start = 8 + Int(length)
        guard start <= size else {
            throw SafetensorsError(path, "the header says it has \(length) bytes, but the file ends after \(size)")
        }
        let header = unsafe [UInt8](file.bytes[8..<start])
        guard String(validating: header, as: UTF8.self) != nil else {
            throw SafetensorsError(path, "the header is not valid UTF-8")
        }
        var parser = HeaderParser(header)
        do {
            let (raw, metadata) = try parser.parse()
            entries = try Self.check(raw, dataSize: size - start, start: start)
            self.metadata = metadata
        } catch {
            throw SafetensorsError(path, error.reason)
        }
        self.path = path
        self.file = file
    }

    /// Calls `body` with the bytes of `entry`, which must be one of this file's; they stay valid as long as the file.
    package func withUnsafeBytes<R>(
        of entry: TensorEntry, _ body: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R {
        precondition(entries[entry.name] == entry, "the entry is another file's")
        return try unsafe body(UnsafeRawBufferPointer(rebasing: file.bytes[entry.byteRange]))
    }

    /// The values of `entry` as floats, or nil where its type is not F32, F16 or BF16.
    package func floats(of entry: TensorEntry) -> [Float]? {
        unsafe withUnsafeBytes(of: entry) { bytes in
            switch entry.elementType {
            case .f32:
                (0..<entry.count).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
            case .f16:
                (0..<entry.count).map {
                    unsafe Self.widen(bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self))
                }
            case .bf16:
                (0..<entry.count).map { index in
                    Float(
                        bitPattern: UInt32(unsafe bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16
                    )
                }
            default: nil
            }
        }
    }

    /// An IEEE half as a float, exactly; not every platform's Swift has Float16.
    static func widen(_ half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10 & 0x1f)
        let fraction = UInt32(half & 0x3ff)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    private static func check(
        _ raw: [(name: String, entry: HeaderParser.RawEntry)], dataSize: Int, start: Int
    ) throws(HeaderParser.Fault) -> [String: TensorEntry] {
        var entries: [String: TensorEntry] = [:]
        var ranges: [(name: String, range: Range<Int>)] = []
        for (name, entry) in raw {
            guard let type = entry.elementType, let shape = entry.shape, let offsets = entry.offsets else {
                throw HeaderParser.Fault(reason: "tensor '\(name)' needs dtype, shape and data_offsets")
            }
            guard let elementType = ElementType(rawValue: type) else {
                throw HeaderParser.Fault(reason: "tensor '\(name)' has the unknown type '\(type)'")
            }
            guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= dataSize else {
                throw HeaderParser.Fault(
                    reason:
                        "tensor '\(name)' has data_offsets \(offsets) outside of the file's \(dataSize) bytes of data")
            }
            var bits = elementType.bits
            for dimension in shape {
                let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
                guard !overflow else { throw HeaderParser.Fault(reason: "tensor '\(name)': \(shape) is too large") }
                bits = product
            }
            guard bits.isMultiple(of: 8), bits / 8 == offsets[1] - offsets[0] else {
                throw HeaderParser.Fault(
                    reason:
                        "tensor '\(name)' of type \(type) and shape \(shape) does not fill its data_offsets \(offsets)")
            }
            ranges.append((name, offsets[0]..<offsets[1]))
            entries[name] = TensorEntry(
                name: name, elementType: elementType, shape: shape,
                byteRange: start + offsets[0]..<start + offsets[1])
        }
        var end = 0
        for (name, range) in ranges.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            guard range.lowerBound == end else {
                throw HeaderParser.Fault(
                    reason: "tensor '\(name)' starts at \(range.lowerBound), where the one before it ends at \(end)")
            }
            end = range.upperBound
        }
        guard end == dataSize else {
            throw HeaderParser.Fault(reason: "\(dataSize - end) bytes after the last tensor belong to none")
        }
        return entries
    }
}
