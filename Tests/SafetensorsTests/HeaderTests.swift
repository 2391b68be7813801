import Foundation
import Safetensors
import Testing

/// A header, how many bytes of data follow it, and what the error must say.
struct BadHeader: Sendable, CustomTestStringConvertible {
    let header: String
    let data: Int
    let culprit: String
    var testDescription: String { "\(String(reflecting: header.prefix(100))): \(culprit)" }

    init(_ header: String, data: Int = 0, _ culprit: String) {
        self.header = header
        self.data = data
        self.culprit = culprit
    }

    /// One tensor `t` with these fields.
    static func tensor(_ fields: String, data: Int = 0, _ culprit: String) -> BadHeader {
        BadHeader(#"{"t":{\#(fields)}}"#, data: data, culprit)
    }
}

@Suite struct `Headers that are refused` {
    static let syntax: [BadHeader] = [
        BadHeader("", "must start with '{'"),
        BadHeader("  ", "must start with '{'"),
        BadHeader("\u{b}{}", "must start with '{'"),
        BadHeader("[]", "must start with '{'"),
        BadHeader("\u{feff}{}", "must start with '{'"),
        BadHeader("{", "expected"),
        BadHeader("{}}", "goes on after"),
        BadHeader("{} x", "goes on after"),
        BadHeader("{}\0", "goes on after"),
        BadHeader("{,}", "expected '\"'"),
        BadHeader(#"{"__metadata__":{},}"#, "expected '\"'"),
        BadHeader(#"{"t"}"#, "expected ':'"),
        BadHeader(#"{"t":1}"#, "expected '{'"),
        BadHeader(#"{"t":null}"#, "expected '{'"),
        BadHeader(#"{'t':{}}"#, "expected '\"'"),
        BadHeader(#"{"t"#, "does not end"),
        BadHeader(#"{"t\"#, "does not end"),
        BadHeader("{\"a\nb\":{}}", "control character"),
        BadHeader(#"{"\x":{}}"#, "unknown escape"),
        BadHeader(#"{"\é":{}}"#, "unknown escape"),
        BadHeader(#"{"\u12":{}}"#, "broken \\u escape"),
        BadHeader(#"{"\u+123":{}}"#, "broken \\u escape"),
        BadHeader(#"{"\u12é":{}}"#, "broken \\u escape"),
        BadHeader(#"{"\ud800":{}}"#, "lone surrogate"),
        BadHeader(#"{"\ude00\ud83d":{}}"#, "lone surrogate"),
    ]

    static let names: [BadHeader] = [
        BadHeader(
            #"""
            {"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
             "t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}
            """#,
            "'t' twice"),
        BadHeader(
            #"""
            {"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
             "\u0074":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}
            """#,
            "'t' twice"),
        BadHeader(#"{"__metadata__":{},"__metadata__":{}}"#, "'__metadata__' twice"),
        BadHeader(#"{"__metadata__":{"a":"1","a":"2"}}"#, "names 'a' twice"),
        BadHeader(#"{"__metadata__":{"a":1}}"#, "expected '\"'"),
        BadHeader(#"{"__metadata__":{"a":null}}"#, "expected '\"'"),
        BadHeader(#"{"__metadata__":{"a":{"b":"c"}}}"#, "expected '\"'"),
        BadHeader(#"{"__metadata__":["a"]}"#, "expected '{'"),
        BadHeader(#"{"__metadata__":"a"}"#, "expected '{'"),
    ]

    static let fields: [BadHeader] = [
        .tensor("", "tensor 't' needs"),
        .tensor(#""shape":[0],"data_offsets":[0,0]"#, "tensor 't' needs"),
        .tensor(#""dtype":"U8","data_offsets":[0,0]"#, "tensor 't' needs"),
        .tensor(#""dtype":"U8","shape":[0]"#, "tensor 't' needs"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,0],"dtype":"U8""#, "'dtype' twice"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,0],"shape":[0]"#, "'shape' twice"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,0],"data_offsets":[0,0]"#, "'data_offsets' twice"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,0],"more":{}"#, "unknown field 'more'"),
        .tensor(#""dtype":"F31","shape":[0],"data_offsets":[0,0]"#, "unknown type 'F31'"),
        .tensor(#""dtype":"f32","shape":[0],"data_offsets":[0,0]"#, "unknown type 'f32'"),
        .tensor(#""dtype":"","shape":[0],"data_offsets":[0,0]"#, "unknown type ''"),
        .tensor(#""dtype":8,"shape":[0],"data_offsets":[0,0]"#, "expected '\"'"),
        .tensor(#""dtype":{"U8":1},"shape":[0],"data_offsets":[0,0]"#, "expected '\"'"),
        .tensor(#""dtype":"U8","shape":0,"data_offsets":[0,0]"#, "expected '['"),
        .tensor(#""dtype":"U8","shape":[[0]],"data_offsets":[0,0]"#, "non-negative integer"),
        .tensor(#""dtype":"U8","shape":[-1],"data_offsets":[0,0]"#, "non-negative integer"),
        .tensor(#""dtype":"U8","shape":["0"],"data_offsets":[0,0]"#, "non-negative integer"),
        .tensor(#""dtype":"U8","shape":[01],"data_offsets":[0,1]"#, data: 1, "non-negative integer"),
        .tensor(#""dtype":"U8","shape":[0,],"data_offsets":[0,0]"#, "non-negative integer"),
        .tensor(#""dtype":"U8","shape":[1.0],"data_offsets":[0,1]"#, data: 1, "expected ']'"),
        .tensor(#""dtype":"U8","shape":[1e0],"data_offsets":[0,1]"#, data: 1, "expected ']'"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[]"#, "data_offsets"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0]"#, "data_offsets"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,0,0]"#, "data_offsets"),
    ]

    static let sizes: [BadHeader] = [
        // Products and numbers beyond what a machine word holds.
        .tensor(#""dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]"#, data: 16, "too large"),
        .tensor(#""dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]"#, data: 16, "too large"),
        .tensor(#""dtype":"I32","shape":[4294967296,4294967296],"data_offsets":[0,0]"#, "too large"),
        .tensor(#""dtype":"U8","shape":[2305843009213693952],"data_offsets":[0,0]"#, "too large"),
        .tensor(#""dtype":"U8","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,0]"#, "too large"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[0,18446744073709551616]"#, "too large"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[9223372036854775808,0]"#, "too large"),
        .tensor(#""dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]"#, "outside"),
        // Offsets that do not fit the file or the shape.
        .tensor(#""dtype":"I32","shape":[2],"data_offsets":[8,0]"#, data: 8, "outside"),
        .tensor(#""dtype":"I32","shape":[2],"data_offsets":[0,8]"#, data: 7, "outside"),
        .tensor(#""dtype":"I32","shape":[2],"data_offsets":[0,4]"#, data: 4, "does not fill"),
        .tensor(#""dtype":"I32","shape":[1],"data_offsets":[0,8]"#, data: 8, "does not fill"),
        .tensor(#""dtype":"I32","shape":[2,2],"data_offsets":[0,0]"#, "does not fill"),
        .tensor(#""dtype":"I32","shape":[],"data_offsets":[0,0]"#, "does not fill"),
        .tensor(#""dtype":"F4","shape":[3],"data_offsets":[0,1]"#, data: 1, "does not fill"),
        .tensor(#""dtype":"F6_E2M3","shape":[2],"data_offsets":[0,1]"#, data: 1, "does not fill"),
        // A gap before, between; an overlap; bytes that no tensor has.
        .tensor(#""dtype":"U8","shape":[2],"data_offsets":[1,3]"#, data: 3, "'t' starts at 1"),
        BadHeader(
            #"""
            {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
             "b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}
            """#,
            data: 3, "'b' starts at 2"),
        BadHeader(
            #"""
            {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},
             "b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}
            """#,
            data: 3, "'b' starts at 1"),
        BadHeader(
            #"""
            {"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
             "z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}
            """#,
            data: 3, "'z' starts at 1"),
        .tensor(#""dtype":"U8","shape":[2],"data_offsets":[0,2]"#, data: 3, "1 bytes after the last"),
        .tensor(#""dtype":"U8","shape":[0],"data_offsets":[1,1]"#, data: 1, "'t' starts at 1"),
        BadHeader("{}", data: 1, "1 bytes after the last"),
    ]

    @Test(arguments: syntax + names + fields + sizes)
    func `with an error that says why`(_ bad: BadHeader) throws {
        let fault = try TemporaryFolder().fault(in: fileBytes(bad.header.utf8, data: bad.data))
        #expect(fault?.contains(bad.culprit) == true, "\(fault ?? "it was accepted")")
    }

    @Test(arguments: 0..<8)
    func `when the file is too short for the header's length`(count: Int) throws {
        let fault = try TemporaryFolder().fault(in: [UInt8](repeating: 0, count: count))
        #expect(fault == "\(count) bytes are too few for a header")
    }

    @Test(arguments: [
        (3, "the file ends after 10"), (100_000_000, "the file ends after 10"), (100_000_001, "the limit is 100000000"),
        (UInt64(Int64.max), "the limit is"), (UInt64(Int64.max) + 1, "the limit is"), (.max, "the limit is"),
    ])
    func `when its length is beyond the file or the limit`(length: UInt64, culprit: String) throws {
        let fault = try TemporaryFolder().fault(in: fileBytes("{}".utf8, length: length))
        #expect(fault?.contains(culprit) == true, "\(fault ?? "it was accepted")")
    }

    @Test(
        arguments: [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8],
        ] as [[UInt8]])
    func `when it is not UTF-8`(bytes: [UInt8]) throws {
        let header = Array(#"{"__metadata__":{"a":""#.utf8) + bytes + Array(#""}}"#.utf8)
        #expect(try TemporaryFolder().fault(in: fileBytes(header)) == "the header is not valid UTF-8")
    }

    /// A parser that calls itself for each level would run out of stack.
    @Test(arguments: [#"{"a":"#, #"{"t":{"shape":["#, "["])
    func `when it is deeper than flat, however deep`(opening: String) throws {
        let header = "{\"t\":" + String(repeating: opening, count: 200_000)
        #expect(try TemporaryFolder().fault(in: fileBytes(header.utf8)) != nil)
    }

    @Test func `when many tensors claim the same bytes`() throws {
        let tensors = (0..<1000).map { #""t\#($0)":{"dtype":"U8","shape":[1000],"data_offsets":[0,1000]}"# }
        let header = "{\(tensors.joined(separator: ","))}"
        #expect(try TemporaryFolder().fault(in: fileBytes(header.utf8, data: 1000))?.contains("starts at 0") == true)
    }
}

@Suite struct `Headers that are accepted` {
    private func load(_ header: String, data: Int = 0) throws -> SafetensorsFile {
        try TemporaryFolder().open(fileBytes(header.utf8, data: data))
    }

    @Test(arguments: ["{}", "{ }", #"{}  \n\t\r"#, #"\n\t\r {}"#, #"{"__metadata__":{}}"#])
    func `with no tensor`(header: String) throws {
        let spaces = ["\\n": "\n", "\\t": "\t", "\\r": "\r"]
        let file = try load(spaces.reduce(header) { $0.replacing($1.key, with: $1.value) })
        #expect(file.entries.isEmpty)
        #expect(file.metadata.isEmpty)
    }

    @Test func `with tensors of no elements anywhere between others`() throws {
        let file = try load(
            """
            {"z":{"dtype":"F32","shape":[2,0],"data_offsets":[4,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
             "y":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"F32","shape":[0],"data_offsets":[8,8]},
             "b":{"dtype":"U16","shape":[2,1],"data_offsets":[4,8]}}
            """, data: 8)
        #expect(file.entries.keys.sorted() == ["a", "b", "x", "y", "z"])
        for name in ["x", "y", "z"] {
            let entry = try #require(file.entries[name])
            #expect(entry.count == 0)
            #expect(file.floats(of: entry) == [])
        }
        #expect(file.entries["a"]?.count == 1)
    }

    @Test func `in any order of tensors and fields, with spaces and escapes`() throws {
        let file = try load(
            #"""
            { "b" : { "data_offsets" : [ 1 , 2 ] , "shape" : [ 1 ] , "dtype" : "\u00558" } ,
              "\u0061\/\"\\\b\f\n\r\t\ud83d\ude00é" : {"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},
              "__metadata__" : { "\u006bey" : "v\u00e9" } }
            """#, data: 2)
        #expect(file.entries["b"]?.elementType == .u8)
        #expect(file.entries["a/\"\\\u{8}\u{c}\n\r\t😀é"]?.elementType == .bool)
        #expect(file.metadata == ["key": "vé"])
    }

    @Test(arguments: ElementType.allCases)
    func `with each type, in as many bytes as it takes`(type: ElementType) throws {
        let bytes = type.bits
        let file = try load(
            #"{"t":{"dtype":"\#(type.rawValue)","shape":[4,2],"data_offsets":[0,\#(bytes)]}}"#, data: bytes)
        let entry = try #require(file.entries["t"])
        #expect(entry.elementType == type)
        #expect(file.withUnsafeBytes(of: entry) { Array($0) } == (0..<UInt8(bytes)).map { $0 })
        #expect((file.floats(of: entry) != nil) == [.f32, .f16, .bf16].contains(type))
    }
}
