import Foundation

/// The directory of one revision, whose files lie in it or one folder down, as in "1_Pooling/config.json".
struct RevisionDirectory {
    let path: String
    private let files: FileSystem
    /// The folders made so far, in this order.
    private var folders: [String] = []

    /// Makes an empty directory at `path`, where nothing may be.
    init(making path: String, files: FileSystem) throws(StorageError) {
        try files.makeDirectory(path)
        self.path = path
        self.files = files
    }

    /// Gives a file of the revision in the directory `source` the same name here.
    mutating func link(_ name: String, from source: String) throws(StorageError) {
        try makeFolder(of: name)
        try files.link("\(source)/\(name)", as: "\(path)/\(name)")
    }

    /// Writes a file, which is on disk when this returns; its name is only after `sync`.
    mutating func write(_ file: RevisionFile) throws(StorageError) -> (size: Int, digest: ContentDigest) {
        try makeFolder(of: file.name)
        let path = "\(path)/\(file.name)"
        switch file.content {
        case .bytes(let data): return try files.write(data, to: path)
        case .writer(let writer): return try files.write(path, by: writer)
        }
    }

    /// Waits until all names in the directory and its folders are on disk.
    func sync() throws(StorageError) {
        for folder in folders { try files.sync("\(path)/\(folder)") }
        try files.sync(path)
    }

    private mutating func makeFolder(of name: String) throws(StorageError) {
        guard let folder = RevisionFile.folder(of: name), !folders.contains(folder) else { return }
        try files.makeDirectory("\(path)/\(folder)")
        folders.append(folder)
    }
}

extension RevisionDirectory {
    /// Checks that the directory at `path` has the files that `manifest`, whose text is `text`, says, and no others.
    ///
    /// - Throws: `StorageError` with `corrupt`, which names the file or folder that is not as it was.
    static func verify(_ path: String, _ manifest: RevisionManifest, text: String) throws(StorageError) {
        let data = Data(text.utf8)
        var expected = manifest.files
        expected[RevisionManifest.fileName] = RevisionManifest.File(
            size: data.count, sha256: ContentDigest(of: data), isBody: false)
        let found = try present(path, folders: Set(expected.keys.compactMap(RevisionFile.folder(of:))))
        for name in found.sorted() where expected[name] == nil {
            throw StorageError(.corrupt, "\(path)/\(name) does not belong to the revision")
        }
        for (name, file) in expected.sorted(by: { $0.key < $1.key }) {
            guard found.contains(name) else { throw StorageError(.corrupt, "\(path)/\(name) is missing") }
            let (size, digest) = try FileSystem.hash("\(path)/\(name)")
            guard size == file.size else {
                throw StorageError(.corrupt, "\(path)/\(name) has \(size) bytes, not \(file.size)")
            }
            guard digest == file.sha256 else {
                throw StorageError(.corrupt, "\(path)/\(name) is damaged: its SHA-256 is not the manifest's")
            }
        }
    }

    /// The names in a revision's directory, with those in its `folders` in place of the folders themselves.
    private static func present(_ path: String, folders: Set<String>) throws(StorageError) -> Set<String> {
        guard FileSystem.exists(path) else { throw StorageError(.corrupt, "\(path) is missing") }
        var names: Set<String> = []
        for name in try FileSystem.contents(path) {
            guard folders.contains(name) else {
                names.insert(name)
                continue
            }
            let folder = "\(path)/\(name)"
            guard FileSystem.isDirectory(folder) else {
                throw StorageError(.corrupt, "\(folder) is not a directory")
            }
            for inner in try FileSystem.contents(folder) { names.insert("\(name)/\(inner)") }
        }
        return names
    }
}
