package import Foundation

/// A file of a revision to be published.
package struct RevisionFile: Sendable {
    /// Where its bytes come from.
    package enum Content: Sendable {
        case bytes(Data)
        /// Writes the file at the path it is given, which does not exist yet.
        case writer(@Sendable (_ path: String) throws -> Void)
    }

    /// A plain name, or one in a folder: "1_Pooling/config.json".
    package let name: String
    package let content: Content

    package init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

extension RevisionFile {
    /// The folder that a file of this name lies in; nil if it lies in the revision's directory itself.
    static func folder(of name: String) -> String? {
        // By bytes: a slash with a combining character behind it is a slash to the file system, too.
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count > 1 ? String(Substring(parts[0])) : nil
    }

    /// Checks that these can be the names of one revision's files: plain, at most one folder down, none used twice.
    ///
    /// - Throws: `StorageError` with `invalid`, which names the one that cannot.
    static func check(_ names: some Sequence<String>) throws(StorageError) {
        var files: Set<String> = []
        for name in names {
            guard isPlain(name) else {
                throw StorageError(.invalid, "'\(name)' is not a plain file name, nor one in a plainly named folder")
            }
            guard files.insert(name).inserted else {
                throw StorageError(.invalid, "a revision cannot have two files '\(name)'")
            }
        }
        for name in files {
            if let folder = folder(of: name), files.contains(folder) {
                throw StorageError(.invalid, "a revision cannot have a file '\(folder)' beside '\(name)'")
            }
        }
    }

    /// Whether this is a plain name, or two with a slash between them.
    static func isPlain(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.first != UInt8(ascii: ".") && !part.contains(0) && part.count <= 255
            }
    }
}
