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
        /// Only an administrator may do it; nothing was changed.
        case forbidden
        /// No such correction or revision.
        case notFound
        /// What was given cannot be stored.
        case invalid
        /// A file operation failed.
        case inputOutput
        /// The store was closed.
        case closed
    }

    /// What is behind a fault of some kinds, where programs are told of it apart.
    package enum Cause: Sendable {
        /// `readOnly`: there is no room.
        case full
        /// `conflict`: another revision serves than was expected.
        case otherServes
        /// `forbidden`: the correction is quarantined.
        case quarantine
    }

    package let code: Code
    package let cause: Cause?
    package let text: String

    package var description: String { text }

    package init(_ code: Code, _ text: String, because cause: Cause? = nil) {
        self.code = code
        self.cause = cause
        self.text = text
    }

    /// A failed system call on `path`, by its `errno`.
    static func system(_ operation: String, _ path: String, _ number: Int32) -> StorageError {
        let reason = unsafe String(cString: strerror(number))
        let text = "cannot \(operation) \(path): \(reason)"
        return switch number {
        case ENOSPC, EDQUOT: StorageError(.readOnly, text, because: .full)
        case EROFS: StorageError(.readOnly, text)
        default: StorageError(.inputOutput, text)
        }
    }
}
