import Foundation
import Glibc
import Logging

/// The names in a state directory, who may own it, and what is swept from it at start.
struct StateDirectory: Sendable {
    static let temporarySuffix = ".new"
    private static let temporaryRevision = ".new-"
    static let snapshotPrefix = ".snapshot-"
    private static let asidePrefix = "damaged-"

    let path: String
    let files: FileSystem

    var lock: String { "\(path)/lock" }
    var database: String { "\(path)/state.sqlite" }
    var revisions: String { "\(path)/revisions" }
    var current: String { "\(path)/current" }
    var digests: String { "\(path)/\(DigestMemo.fileName)" }

    /// The name of a revision's directory: six digits at least.
    static func name(of revision: Int) -> String {
        let digits = String(revision)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    func path(of revision: Int) -> String { "\(revisions)/\(Self.name(of: revision))" }

    func temporaryPath(of revision: Int) -> String {
        "\(revisions)/\(Self.temporaryRevision)\(Self.name(of: revision))"
    }

    func snapshotPath() -> String {
        "\(path)/\(Self.snapshotPrefix)\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// `path` without symbolic links: systemd makes one where the user is dynamic, and none is followed later on.
    static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// Makes the directory where there is none, and refuses one that others could change.
    func prepare() throws(StorageError) {
        if unsafe access(path, F_OK) != 0, errno == ENOENT {
            try files.makeDirectory(path)
            try files.sync(URL(filePath: path).deletingLastPathComponent().path)
        }
        try Self.check(path, isDirectory: true)
    }

    /// Makes what belongs into the directory, and checks it; for the holder of the lock.
    func prepareContents() throws(StorageError) {
        if unsafe access(revisions, F_OK) != 0, errno == ENOENT {
            try files.makeDirectory(revisions)
            try files.sync(path)
        }
        try Self.check(revisions, isDirectory: true)
        // Made here, and not by SQLite, so that only its owner can read it; an empty file is an empty database.
        let file = unsafe open(database, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw .system("open", database, errno) }
        close(file)
        try Self.check(database, isDirectory: false)
        if FileSystem.exists("\(database)-wal") { try Self.check("\(database)-wal", isDirectory: false) }
    }

    /// Where a salvaged database waits, complete and on disk, to take the damaged one's place.
    var salvaged: String { "\(path)/salvaged.sqlite" }

    /// Puts a salvaged database, if there is one, in the place of the damaged one, which is kept under another name.
    ///
    /// Goes on where an earlier process was interrupted.
    ///
    /// - Returns: the new name of the damaged database; nil where nothing was salvaged.
    func finishSalvage() throws(StorageError) -> String? {
        guard FileSystem.exists(salvaged) else { return nil }
        var number = 1
        while FileSystem.exists("\(path)/\(Self.asidePrefix)\(number).sqlite") { number += 1 }
        let aside = "\(path)/\(Self.asidePrefix)\(number).sqlite"
        // The log first, and durably: it must never lie beside a database that it was not written for.
        for suffix in ["-wal", ""] where FileSystem.exists(database + suffix) {
            try files.rename(database + suffix, to: aside + suffix)
        }
        try files.sync(path)
        try files.rename(salvaged, to: database)
        try files.sync(path)
        return aside
    }

    /// The damaged databases that were set aside, and their logs.
    func setAside() throws(StorageError) -> [String] {
        try FileSystem.contents(path).filter { $0.hasPrefix(Self.asidePrefix) }.map { "\(path)/\($0)" }
    }

    /// Checks that no revision has learnt a correction that the journal, which ends with `last`, does not know of.
    ///
    /// Corrections are committed before anything is made from them: then the journal has lost some, all perhaps.
    ///
    /// - Throws: `StorageError` with `corrupt`.
    func checkNothingLost(upTo last: Int64) throws(StorageError) {
        for manifest in try manifests() {
            let learnt = manifest.content.corrections.seen.ranges.last?.upperBound ?? 0
            if learnt <= last { continue }
            throw StorageError(
                .corrupt,
                """
                the journal ends with correction \(last), and revision \(manifest.content.revision) has learnt \
                correction \(learnt)
                """)
        }
    }

    /// The manifests that can be read of the revisions that are there, whether the database names them or not.
    func manifests() throws(StorageError) -> [(content: RevisionManifest, text: String)] {
        try FileSystem.contents(revisions).compactMap { name in
            guard let number = Int(name), Self.name(of: number) == name else { return nil }
            let path = "\(revisions)/\(name)/\(RevisionManifest.fileName)"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let manifest = try? RevisionManifest(text: text, path: path), manifest.revision == number
            else { return nil }
            return (manifest, text)
        }
    }

    /// Whether nothing that was ever published is here.
    func isWithoutRevisions() throws(StorageError) -> Bool {
        try !FileSystem.contents(revisions).contains { name in Int(name).map(Self.name) == name }
    }

    /// Removes snapshots and temporaries that were left; for the holder of the lock.
    func sweepCopies(logger: Logger) throws(StorageError) {
        for name in try FileSystem.contents(path)
        where name.hasPrefix(Self.snapshotPrefix)
            || ["current", DigestMemo.fileName].contains(where: { name == $0 + Self.temporarySuffix })
        {
            logger.notice("removing what was left", metadata: ["name": "\(name)"])
            try files.remove("\(path)/\(name)")
        }
    }

    /// Removes snapshots and temporaries that were left, and revisions that the database does not name.
    ///
    /// - Returns: the highest number among the revisions removed, which must not be given again; 0 if there was none.
    func sweep(keeping kept: Set<Int>, logger: Logger) throws(StorageError) -> Int {
        try sweepCopies(logger: logger)
        var highest = 0
        for name in try FileSystem.contents(revisions) {
            let isTemporary = name.hasPrefix(Self.temporaryRevision)
            let digits = isTemporary ? name.dropFirst(Self.temporaryRevision.count) : name[...]
            guard let number = Int(digits), Self.name(of: number) == digits else {
                logger.warning("leaving what is not a revision alone", metadata: ["name": "revisions/\(name)"])
                continue
            }
            if !isTemporary, kept.contains(number) { continue }
            logger.notice("removing a revision that was never published or is not kept", metadata: ["name": "\(name)"])
            if isTemporary { try files.remove("\(revisions)/\(name)") } else { try removeRevision(number) }
            highest = max(highest, number)
        }
        return highest
    }

    /// Removes a revision's directory; nothing there is fine.
    ///
    /// It loses its name first, so that what is interrupted leaves nothing that looks like a revision and lacks files.
    func removeRevision(_ number: Int) throws(StorageError) {
        let nameless = temporaryPath(of: number)
        try files.remove(nameless)
        guard FileSystem.exists(path(of: number)) else { return }
        try files.rename(path(of: number), to: nameless)
        try files.remove(nameless)
    }

    /// Points `current` to the serving revision; it is for people only, so a failure is logged and no more.
    func relink(to revision: Int, logger: Logger) {
        do {
            try files.replaceLink(current, target: revision == 0 ? nil : "revisions/\(Self.name(of: revision))")
        } catch {
            logger.warning("cannot set the link to the current revision", metadata: ["reason": "\(error)"])
        }
    }

    /// Whether a file in the directory can only have been written by this process's user.
    func isOwn(_ file: String) -> Bool {
        (try? Self.check(path, isDirectory: true)) != nil && (try? Self.check(file, isDirectory: false)) != nil
    }

    private static func check(_ path: String, isDirectory: Bool) throws(StorageError) {
        var status = stat()
        let result = unsafe lstat(path, &status)
        guard result == 0 else { throw .system("look at", path, errno) }
        guard status.st_mode & S_IFMT == (isDirectory ? S_IFDIR : S_IFREG) else {
            throw StorageError(.notOwner, "\(path) is not a \(isDirectory ? "directory" : "regular file")")
        }
        guard status.st_uid == geteuid() else {
            throw StorageError(
                .notOwner, "\(path) belongs to user \(status.st_uid), and this process runs as user \(geteuid())")
        }
        guard status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw StorageError(.notOwner, "\(path) can be written by others (mode \(mode)); use chmod go-w")
        }
    }
}
