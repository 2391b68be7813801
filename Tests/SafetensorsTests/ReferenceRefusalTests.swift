import Foundation
import Safetensors
import Testing

/// The files that the reference implementation's own tests expect to be refused, by the names of those tests.
@Suite struct `What the reference implementation refuses` {
    /// A file, and what the error must say.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: [UInt8]
        let culprit: String

        /// - Parameter length: what the first byte says, where the header is shorter or longer.
        init(_ name: String, _ header: String, data: String = "", length: UInt64? = nil, _ culprit: String) {
            testDescription = name
            file = fileBytes(header.utf8, length: length) + Array(data.utf8)
            self.culprit = culprit
        }
    }

    private static let zeros = String(repeating: "\0", count: 16)

    private static func test(_ shape: String, _ offsets: String, type: String = "I32") -> String {
        #"{"test":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    static let refusals: [Refusal] = [
        Refusal(
            "test_json_attack",
            "{"
                + (0..<10).map { #""weight_\#($0)":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"# }
                .joined(separator: ",") + "}",
            data: zeros, "starts at 0, where the one before it ends at 16"),
        Refusal(
            "test_metadata_incomplete_buffer, polyglot", test("[2,2]", "[0,16]"),
            data: zeros + "extra_bogus_data_for_polyglot_file", "34 bytes after the last tensor belong to none"),
        Refusal(
            "test_metadata_incomplete_buffer, missing", test("[2,2]", "[0,16]"), data: String(zeros.dropLast(2)),
            "tensor 'test' has data_offsets [0, 16] outside of the file's 14 bytes"),
        Refusal(
            "test_header_too_large", test("[2,2]", "[0,16]"), data: zeros, length: 0xffff_ff00_0000_003c,
            "the limit is 100000000"),
        Refusal("test_invalid_header_length", "", length: 0x3c, "has 60 bytes, but the file ends after 8"),
        Refusal("test_invalid_header_not_json", "{", "expected"),
        Refusal("test_invalid_info", test("[2,2]", "[0, 4]"), "outside of the file's 0 bytes"),
        Refusal("test_invalid_info, with data", test("[2,2]", "[0, 4]"), data: "\0\0\0\0", "does not fill"),
        Refusal(
            "test_validation_overflow, shape", test("[2,18446744073709551614]", "[0,16]"), data: zeros, "too large"),
        Refusal(
            "test_validation_overflow, bytes", test("[2,9223372036854775807]", "[0,16]"), data: zeros, "too large"),
        Refusal(
            "test_tensorview_new_rejects_shape_overflow", test("[9223372036854775808,2]", "[0,0]", type: "F32"),
            "too large"),
        Refusal(
            "test_serialization_fp4_misaligned", test("[1,3]", "[0,2]", type: "F4"), data: "\0\u{1}", "does not fill"),
        Refusal(
            "test_serialization_fp4_invalid", test("[1,2]", "[0,2]", type: "F4"), data: "\0\u{1}", "does not fill"),
    ]

    @Test(arguments: refusals) func `is refused, with the reason`(refusal: Refusal) throws {
        let fault = try TemporaryFolder().fault(in: refusal.file)
        #expect(fault?.contains(refusal.culprit) == true, "\(fault ?? "it was accepted")")
    }

    /// `test_header_too_small` and `test_invalid_header_non_utf8`, which are no texts.
    @Test func `is refused where it is no text at all`() throws {
        #expect(try TemporaryFolder().fault(in: []) == "0 bytes are too few for a header")
        #expect(try TemporaryFolder().fault(in: fileBytes([0xff])) == "the header is not valid UTF-8")
    }

    /// `test_file_not_found` of its Python binding.
    @Test func `is refused where there is no file`() {
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: "/nonexistent/a.safetensors") }
        #expect(error?.description == "/nonexistent/a.safetensors: No such file or directory")
    }
}
