package import Foundation

/// Writes safetensors files: F32 tensors in the order of their names, so that equal tensors make equal bytes.
package enum SafetensorsWriter {
    /// The bytes of a file with these tensors; each has as many `values` as its `shape` says.
    package static func serialize(
        _ tensors: [(name: String, shape: [Int], values: [Float])], metadata: [String: String] = [:]
    ) -> Data {
        let sorted = tensors.sorted { $0.name < $1.name }
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in sorted {
            precondition(tensor.shape.reduce(1, *) == tensor.values.count, "values must fill the shape")
            let end = offset + tensor.values.count * 4
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Data("{\(members.joined(separator: ","))}".utf8)
        // Spaces up to a multiple of eight keep the data aligned.
        header.append(Data(repeating: 0x20, count: (8 - header.count % 8) % 8))
        var data = Data(capacity: 8 + header.count + offset)
        unsafe withUnsafeBytes(of: UInt64(header.count).littleEndian) { unsafe data.append(contentsOf: $0) }
        data.append(header)
        for tensor in sorted {
            unsafe tensor.values.withUnsafeBytes { unsafe data.append(contentsOf: $0) }
        }
        return data
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
