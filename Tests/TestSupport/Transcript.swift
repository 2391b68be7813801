package import Foundation
package import LineProtocol

/// An example of the protocol that can be replayed; `Protocol/README.md` describes the format.
package struct Transcript: Sendable {
    /// One line of a transcript.
    package enum Step: Sendable {
        case send(JSONValue)
        case sendBytes([UInt8])
        case receive(JSONValue)
        case halfClose
        case closed
        /// Something that the test must do, such as shutting the server down.
        case event(String)
    }

    /// Why a transcript cannot be read.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    package let name: String
    /// What the server must be or offer for the transcript to hold; nil if every daemon with the labels alpha and beta will do.
    package let requires: String?
    /// The steps with their line numbers.
    package let steps: [(line: Int, step: Step)]

    package init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        var requires: String?
        var steps: [(Int, Step)] = []
        let text = try String(contentsOf: file, encoding: .utf8)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            let place = "\(file.lastPathComponent), line \(index + 1)"
            guard case .object(let object) = try JSONValue(parsing: Array(line.utf8)), object.members.count == 1,
                let member = object.members.first
            else { throw Fault(description: "\(place): expected an object with one member") }
            switch (member.name, member.value) {
            case ("comment", .string): break
            case ("requires", .string(let text)) where steps.isEmpty: requires = text
            case ("send", let value): steps.append((index + 1, .send(value)))
            case ("sendRaw", .string(let text)): steps.append((index + 1, .sendBytes(Array(text.utf8))))
            case ("sendHex", .string(let text)):
                guard let bytes = Self.bytes(hex: text) else { throw Fault(description: "\(place): not hexadecimal") }
                steps.append((index + 1, .sendBytes(bytes)))
            case ("sendRepeated", .object(let object)):
                guard case .string(let text)? = object["text"], case .integer(let count)? = object["times"] else {
                    throw Fault(description: "\(place): sendRepeated takes text and times")
                }
                let bytes = Array(String(repeating: text, count: Int(count)).utf8)
                steps.append((index + 1, .sendBytes(bytes)))
            case ("receive", let value): steps.append((index + 1, .receive(value)))
            case ("halfClose", true): steps.append((index + 1, .halfClose))
            case ("closed", true): steps.append((index + 1, .closed))
            case ("event", .string(let name)): steps.append((index + 1, .event(name)))
            default: throw Fault(description: "\(place): unknown step \(member.name.quoted)")
            }
        }
        self.requires = requires
        self.steps = steps
    }

    private static func bytes(hex text: String) -> [UInt8]? {
        let digits = text.filter { $0 != " " }.compactMap(\.hexDigitValue)
        guard digits.count % 2 == 0, digits.count == text.filter({ $0 != " " }).count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

extension Transcript: CustomStringConvertible {
    package var description: String { name }
}
