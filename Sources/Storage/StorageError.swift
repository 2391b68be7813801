import Foundation

/// Why the state could not be opened, read or changed; the text names what was wrong.
package struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of fault it is, for programs.
    package enum Code: String, Sendable {
        /// Another process, or another store of this one, has the state directory.
        case locked
        /// A directory or file belongs to another user, or others may write to it.
        case notOwner
        /// The state was written by a newer version.
        case newerFormat
        /// The state, or a revision, was made from another base model.
        case otherModel
        /// What is on disk is not what was written.
        case corrupt
        /// The disk is full or not writable; nothing was changed.
        case readOnly
        /// The commit failed; whether it holds is not known.
        case durabilityUnknown
        /// What was expected is not, or is no longer, so; nothing was changed.
        case conflict
        /// No such correction or revision.
        case notFound
        /// What was given cannot be stored.
        case invalid
        /// A file operation failed.
        case inputOutput
        /// The store was closed.
        case closed
    }

    package let code: Code
    package let text: String

    package var description: String { text }

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// A failed system call on `path`, by its `errno`.
    static func system(_ operation: String, _ path: String, _ number: Int32) -> StorageError {
        let reason = unsafe String(cString: strerror(number))
        let isFull = [ENOSPC, EDQUOT, EROFS].contains(number)
        return StorageError(isFull ? .readOnly : .inputOutput, "cannot \(operation) \(path): \(reason)")
    }
}
