import Foundation
import LineProtocol
import Testing

/// A seeded generator (SplitMix64), so that a failure can be seen again.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private func parse(_ text: String) throws(ProtocolError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

private func reason(_ bytes: [UInt8]) -> ErrorReason? {
    do {
        _ = try JSONValue(parsing: bytes)
        return nil
    } catch {
        #expect(error.code == .parseError)
        #expect(!error.message.isEmpty)
        return error.reason
    }
}

@Suite struct `Reading JSON strictly` {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.0", .number(1)), ("1e2", .number(100)),
            ("-0.5E-1", .number(-0.05)), ("\"\"", ""), (#""a\"\\\/\b\f\n\r\tb""#, "a\"\\/\u{8}\u{C}\n\r\tb"),
            (#""\u00e9\ud83d\ude00""#, "é😀"), ("[]", []), ("[1,[2],{}]", [1, [2], [:]]),
            (#"{"a":1,"":{"b":[null]}}"#, ["a": 1, "": ["b": [nil]]]),
        ] as [(String, JSONValue)]
    )
    func `accepts what RFC 8259 accepts`(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "[1,]", "[1 2]", "{a:1}",
        "{'a':1}",
        "NaN", "Infinity", "-Infinity", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "--1", "tru", "nul",
        "True", "// c\n1", "1e999", "-1e999", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"\\u",
        "\u{A0}1",
    ])
    func `refuses what is not JSON`(text: String) {
        #expect(reason(Array(text.utf8)) == "notJSON")
    }

    @Test(
        arguments: [
            ([0xEF, 0xBB, 0xBF, 0x31], "byteOrderMark"), (Array("\"a\u{0}b\"".utf8), "nul"), ([0], "nul"),
            (Array(#""a\u0000b""#.utf8), "nul"), ([0x22, 0xFF, 0x22], "invalidUTF8"),
            ([0x22, 0xC0, 0x80, 0x22], "invalidUTF8"),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], "invalidUTF8"), ([0x22, 0x5C, 0x6E, 0xC3, 0x22], "invalidUTF8"),
            (Array(#""\ud800""#.utf8), "invalidUTF8"), (Array(#""\ud800\u0041""#.utf8), "invalidUTF8"),
            (Array(#""\udc00\ud800""#.utf8), "invalidUTF8"), (Array("1 2".utf8), "trailingGarbage"),
            (Array("{}{}".utf8), "trailingGarbage"), (Array("{} x".utf8), "trailingGarbage"),
            (Array("0x1".utf8), "trailingGarbage"),
            (Array(#"{"a":1,"a":2}"#.utf8), "duplicateKey"), (Array(#"{"a":1,"\u0061":2}"#.utf8), "duplicateKey"),
            (Array(#"[{"b":{"c":0,"d":1,"c":0}}]"#.utf8), "duplicateKey"),
        ] as [([UInt8], String)]
    )
    func `says why it refuses`(bytes: [UInt8], expected: String) {
        #expect(reason(bytes)?.rawValue == expected)
    }

    @Test func `keys that only look alike are different`() throws {
        let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
        guard case .object(let object) = value else { return #expect(Bool(false), "not an object") }
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test(arguments: [3, 8, 9, 40])
    func `a duplicate is found among many keys`(count: Int) {
        let members = (0..<count).map { "\"k\($0)\":0" }
        for index in 0..<count {
            let text = "{" + (members + ["\"k\(index)\":1"]).joined(separator: ",") + "}"
            #expect(reason(Array(text.utf8)) == "duplicateKey")
        }
        #expect(reason(Array(("{" + members.joined(separator: ",") + "}").utf8)) == nil)
    }

    @Test(arguments: ["[", "{\"a\":"])
    func `depth ends at the limit`(opening: String) {
        let closing = opening == "[" ? "]" : "}"
        func text(_ depth: Int) -> [UInt8] {
            let inner = opening == "[" ? "" : "1"
            return Array(
                (String(repeating: opening, count: depth) + inner + String(repeating: closing, count: depth)).utf8
            )
        }
        #expect(reason(text(32)) == nil)
        #expect(reason(text(33)) == "tooDeep")
        #expect(reason(Array(String(repeating: opening, count: 300_000).utf8)) == "tooDeep")
    }

    @Test func `a line of many keys takes time in proportion`() throws {
        let members = (0..<80_000).map { "\"\($0)\":0" }
        let text = Array(("{" + members.joined(separator: ",") + "}").utf8)
        let time = try ContinuousClock().measure { _ = try JSONValue(parsing: text) }
        // Comparing each with each takes 3.2 billion comparisons, which is minutes in a debug build.
        #expect(time < .seconds(10))
    }

    @Test func `long numbers are refused and not computed`() {
        #expect(reason(Array(String(repeating: "9", count: 500_000).utf8)) == "notJSON")
        #expect(reason(Array(("0." + String(repeating: "3", count: 100)).utf8)) == nil)
    }

    @Test func `every prefix of a line is refused or read, and none traps`() {
        let line = Array(#"{"a":[1.5e3,-2,"\ud83d\ude00\né",true,null],"b":{"c":{}}}"#.utf8)
        for end in 0..<line.count { #expect(reason(Array(line[..<end])) != nil) }
        #expect(reason(line) == nil)
    }
}

@Suite struct `Mutated JSON against Foundation` {
    private static let seeds = [
        #"{"jsonrpc":"2.0","id":7,"method":"predict","params":{"inputs":["a",{"text":"b","textPair":"c"}],"topK":3}}"#,
        #"{"jsonrpc":"2.0","id":"é😀","method":"corrections/submit","params":{"input":"x\n\u00e9","weight":1.5e-1}}"#,
        #"[[[]],{},{"a":[true,false,null,-0.0,1E5,12345678901234567890]}]"#,
    ]

    /// Whether Foundation read the same.
    private static func agree(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let bool): return (theirs as? NSNumber)?.boolValue == bool
        case .integer(let integer): return (theirs as? NSNumber)?.int64Value == integer
        case .number(let number):
            // Foundation reads some numbers as decimals, whose way to a double may end one bit further.
            guard let other = (theirs as? NSNumber)?.doubleValue else { return false }
            return abs(number - other) <= 4e-16 * abs(number)
        case .string(let string): return (theirs as? String)?.utf8.elementsEqual(string.utf8) == true
        case .array(let elements):
            guard let others = theirs as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy(agree)
        case .object(let object):
            guard let others = theirs as? [String: Any], others.count == object.members.count else { return false }
            return object.members.allSatisfy { member in others[member.name].map { agree(member.value, $0) } == true }
        }
    }

    /// Foundation accepts more than we do, and nothing that we accept may be refused by it or read otherwise.
    @Test func `what is accepted, Foundation accepts and reads alike`() throws {
        var random = Seeded(42)
        var accepted = 0
        let rounds = 20_000
        let spice =
            Array(#"{}[]",:\/eE+-.0123456789 truefalsnu"#.utf8) + [0, 9, 10, 0x7F, 0x80, 0xC3, 0xA9, 0xED, 0xFF]
        for _ in 0..<rounds {
            var bytes = Array(Self.seeds.randomElement(using: &random, or: "[]").utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = spice[Int.random(in: 0..<spice.count, using: &random)]
                case 1: bytes.insert(spice[Int.random(in: 0..<spice.count, using: &random)], at: place)
                case 2 where bytes.count > 1: bytes.remove(at: place)
                default:
                    let end = Int.random(in: place..<bytes.count, using: &random)
                    bytes.insert(contentsOf: bytes[place...end], at: place)
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            accepted += 1
            let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(Self.agree(value, theirs), "\(String(decoding: bytes, as: UTF8.self))")
            #expect(try JSONValue(parsing: try LineEncoder.encode(value)) == value)
        }
        // Of so many small mutations some must be harmless, or the test compares nothing.
        #expect(accepted > rounds / 50)
        print("mutations accepted by both: \(accepted) of \(rounds)")
    }
}

extension Array {
    fileprivate func randomElement(using random: inout Seeded, or other: Element) -> Element {
        randomElement(using: &random) ?? other
    }
}
