/// One step that changes something on disk, named to `StateStore.Options.hook` before it is taken.
///
/// Tests throw from the hook to see what a crash or a fault at that step leaves behind.
package enum StorageStep: Equatable, Sendable {
    case makeDirectory(String)
    case write(String)
    case sync(String)
    case link(String)
    case rename(String)
    case replaceLink(String)
    case remove(String)
    /// A transaction is about to be committed.
    case commit
    /// A transaction has been committed, which nobody has been told yet.
    case committed
    /// The database is opened again after a commit failed.
    case reopen
    /// The database is written anew, without what was erased in it.
    case rebuild
    /// Its log is moved into it and emptied.
    case emptyLog
}
