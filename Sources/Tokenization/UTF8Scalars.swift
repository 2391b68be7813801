/// Looks at valid UTF-8 scalar by scalar.
enum UTF8Scalars {
    /// The scalar that starts at `position`, and its length in bytes.
    @inline(__always)
    static func scalar(in bytes: [UInt8], at position: Int) -> (value: UInt32, length: Int) {
        let lead = UInt32(bytes[position])
        func trail(_ distance: Int) -> UInt32 { UInt32(bytes[position + distance] & 0x3f) }
        if lead < 0x80 { return (lead, 1) }
        if lead < 0xe0 { return ((lead & 0x1f) << 6 | trail(1), 2) }
        if lead < 0xf0 { return ((lead & 0xf) << 12 | trail(1) << 6 | trail(2), 3) }
        return ((lead & 7) << 18 | trail(1) << 12 | trail(2) << 6 | trail(3), 4)
    }

    /// Where the scalar before `position` starts.
    static func start(before position: Int, in bytes: [UInt8]) -> Int {
        var start = position - 1
        while bytes[start] & 0xc0 == 0x80 { start -= 1 }
        return start
    }

    /// Appends a scalar to `bytes`.
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        if scalar < 0x80 {
            bytes.append(UInt8(scalar))
            return
        }
        func appendTrail(_ shift: UInt32) { bytes.append(UInt8(0x80 | scalar >> shift & 0x3f)) }
        if scalar < 0x800 {
            bytes.append(UInt8(0xc0 | scalar >> 6))
        } else if scalar < 0x10000 {
            bytes.append(UInt8(0xe0 | scalar >> 12))
            appendTrail(6)
        } else {
            bytes.append(UInt8(0xf0 | scalar >> 18))
            appendTrail(12)
            appendTrail(6)
        }
        appendTrail(0)
    }
}
