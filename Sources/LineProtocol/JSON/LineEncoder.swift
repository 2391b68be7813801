/// Writes values as JSON on one line, without spaces.
///
/// Unlike Foundation's encoder it writes straight into bytes, keeps the order of members, and is fast for the arrays of floats
/// that embeddings are. Numbers that are not finite throw. Only what this protocol's messages need of `Encoder` is there:
/// keyed, unkeyed and single values, nested by encoding values within values.
package enum LineEncoder {
    /// Appends the JSON of `value` to `bytes`.
    package static func encode(_ value: some Encodable, into bytes: inout [UInt8]) throws {
        let output = Output()
        swap(&output.bytes, &bytes)
        defer { swap(&output.bytes, &bytes) }
        try output.encode(value)
    }

    /// The JSON of `value`.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try encode(value, into: &bytes)
        return bytes
    }

    /// The bytes so far, shared by the containers that write them one after another.
    fileprivate final class Output {
        var bytes: [UInt8] = []
        /// The brackets that are open.
        var closers: [UInt8] = []

        func encode<T: Encodable>(_ value: T) throws {
            if T.self == String.self, let string = value as? String { return write(string) }
            if T.self == [Float].self, let floats = value as? [Float] { return try write(floats) }
            if T.self == JSONValue.self, let json = value as? JSONValue { return try write(json) }
            let open = closers.count
            let start = bytes.count
            try value.encode(to: ValueEncoder(output: self))
            precondition(bytes.count > start, "a message encodes itself as nothing")
            while closers.count > open { bytes.append(closers.removeLast()) }
        }

        /// Writes a string in quotes; what needs no escape is copied in runs.
        func write(_ text: String) {
            var text = text
            bytes.append(UInt8(ascii: "\""))
            text.withUTF8 { source in
                var start = 0
                for index in source.indices {
                    let byte = source[index]
                    guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                    bytes.append(contentsOf: source[start..<index])
                    writeEscaped(byte)
                    start = index + 1
                }
                bytes.append(contentsOf: source[start...])
            }
            bytes.append(UInt8(ascii: "\""))
        }

        private func writeEscaped(_ byte: UInt8) {
            switch byte {
            case 0x0A: copy("\\n")
            case 0x0D: copy("\\r")
            case 0x09: copy("\\t")
            case 0..<0x20:
                let digits = StaticString("0123456789abcdef")
                copy("\\u00")
                digits.withUTF8Buffer { bytes += [$0[Int(byte >> 4)], $0[Int(byte & 15)]] }
            default: bytes += [UInt8(ascii: "\\"), byte]
            }
        }

        /// Writes text that needs no escape, without quotes.
        func copy(_ text: String) {
            var text = text
            text.withUTF8 { bytes.append(contentsOf: $0) }
        }

        func write(_ integer: some BinaryInteger) {
            copy(integer.description)
        }

        /// Floats are written with their own shortest form, which is shorter than that of the double of equal value.
        func write(_ number: some BinaryFloatingPoint & CustomStringConvertible) throws {
            guard number.isFinite else {
                throw EncodingError.invalidValue(
                    number,
                    .init(codingPath: [], debugDescription: "\(number) has no form in JSON")
                )
            }
            copy(number.description)
        }

        private func write(_ floats: [Float]) throws {
            bytes.append(UInt8(ascii: "["))
            for index in floats.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try write(floats[index])
            }
            bytes.append(UInt8(ascii: "]"))
        }

        private func write(_ json: JSONValue) throws {
            switch json {
            case .null: copy("null")
            case .bool(let value): copy(value ? "true" : "false")
            case .integer(let value): write(value)
            case .number(let value): try write(value)
            case .string(let value): write(value)
            case .array(let elements):
                bytes.append(UInt8(ascii: "["))
                for index in elements.indices {
                    if index > 0 { bytes.append(UInt8(ascii: ",")) }
                    try write(elements[index])
                }
                bytes.append(UInt8(ascii: "]"))
            case .object(let object):
                bytes.append(UInt8(ascii: "{"))
                for index in object.members.indices {
                    if index > 0 { bytes.append(UInt8(ascii: ",")) }
                    write(object.members[index].name)
                    bytes.append(UInt8(ascii: ":"))
                    try write(object.members[index].value)
                }
                bytes.append(UInt8(ascii: "}"))
            }
        }
    }
}

private struct ValueEncoder: Encoder {
    let output: LineEncoder.Output
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        output.bytes.append(UInt8(ascii: "{"))
        output.closers.append(UInt8(ascii: "}"))
        return KeyedEncodingContainer(Members(output: output))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        output.bytes.append(UInt8(ascii: "["))
        output.closers.append(UInt8(ascii: "]"))
        return Elements(output: output)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleValue(output: output) }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: LineEncoder.Output
    var isFirst = true
    var codingPath: [any CodingKey] { [] }

    init(output: LineEncoder.Output) { self.output = output }

    private mutating func start(_ key: Key) {
        if !isFirst { output.bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        output.write(key.stringValue)
        output.bytes.append(UInt8(ascii: ":"))
    }

    mutating func encodeNil(forKey key: Key) throws {
        start(key)
        output.copy("null")
    }

    // What most members are, without the detour that the general case takes.
    mutating func encode(_ value: Bool, forKey key: Key) throws {
        start(key)
        output.copy(value ? "true" : "false")
    }

    mutating func encode(_ value: String, forKey key: Key) throws {
        start(key)
        output.write(value)
    }

    mutating func encode(_ value: Float, forKey key: Key) throws {
        start(key)
        try output.write(value)
    }

    mutating func encode(_ value: Int, forKey key: Key) throws {
        start(key)
        output.write(value)
    }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        start(key)
        try output.encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        preconditionFailure("messages nest by values")
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure("messages nest by values")
    }

    mutating func superEncoder() -> any Encoder { preconditionFailure("messages are values") }

    mutating func superEncoder(forKey key: Key) -> any Encoder { preconditionFailure("messages are values") }
}

private struct Elements: UnkeyedEncodingContainer {
    let output: LineEncoder.Output
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(output: LineEncoder.Output) { self.output = output }

    private mutating func start() {
        if count > 0 { output.bytes.append(UInt8(ascii: ",")) }
        count += 1
    }

    mutating func encodeNil() throws {
        start()
        output.copy("null")
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        start()
        try output.encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        preconditionFailure("messages nest by values")
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        preconditionFailure("messages nest by values")
    }

    mutating func superEncoder() -> any Encoder { preconditionFailure("messages are values") }
}

private struct SingleValue: SingleValueEncodingContainer {
    let output: LineEncoder.Output
    var codingPath: [any CodingKey] { [] }

    func encodeNil() throws { output.copy("null") }
    func encode(_ value: Bool) throws { output.copy(value ? "true" : "false") }
    func encode(_ value: String) throws { output.write(value) }
    func encode(_ value: Double) throws { try output.write(value) }
    func encode(_ value: Float) throws { try output.write(value) }
    func encode(_ value: Int) throws { output.write(value) }
    func encode(_ value: Int8) throws { output.write(value) }
    func encode(_ value: Int16) throws { output.write(value) }
    func encode(_ value: Int32) throws { output.write(value) }
    func encode(_ value: Int64) throws { output.write(value) }
    func encode(_ value: UInt) throws { output.write(value) }
    func encode(_ value: UInt8) throws { output.write(value) }
    func encode(_ value: UInt16) throws { output.write(value) }
    func encode(_ value: UInt32) throws { output.write(value) }
    func encode(_ value: UInt64) throws { output.write(value) }
    func encode<T: Encodable>(_ value: T) throws { try output.encode(value) }
}
