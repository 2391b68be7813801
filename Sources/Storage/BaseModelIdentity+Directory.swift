import Foundation

extension BaseModelIdentity {
    /// The identity of the model in `directory`: a digest over the names and contents of the files that it is made of.
    ///
    /// - Parameter memo: what may know the digests of files that have not changed.
    /// - Throws: `StorageError` if a file cannot be read.
    package init(name: String, directory: String, memo: DigestMemo? = nil) throws(StorageError) {
        let files = FileManager.default
        let shards = ((try? files.contentsOfDirectory(atPath: directory)) ?? []).filter {
            $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json")
        }
        let settings = [
            "config.json", "tokenizer.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
        ]
        // What a file that cannot be understood would say is for whoever loads the model to complain about.
        let modules = Self.json("modules.json", in: directory) as? [[String: Any]] ?? []
        let folders = modules.compactMap { $0["path"] as? String }.filter { !$0.isEmpty && !$0.utf8.contains(0) }
        let limits = Self.json("sentence_bert_config.json", in: directory) as? [String: Any]
        // Elsewhere it has no say.
        let general = limits?["max_seq_length"] is NSNumber ? [] : ["tokenizer_config.json"]
        let names = Set(shards + settings + general + folders.map { "\($0)/config.json" })
        var summary = Data()
        for file in names.sorted() where files.fileExists(atPath: "\(directory)/\(file)") {
            // The Hub's cache keeps files elsewhere and links to them.
            let digest = try FileSystem.hash("\(directory)/\(file)", followsLink: true, memo: memo).digest
            summary.append(contentsOf: "\(digest.hex)  \(file)\n".utf8)
        }
        self.init(name: name, digest: ContentDigest(of: summary).hex)
    }

    /// The JSON value in a file of `directory`, nil where there is none.
    private static func json(_ name: String, in directory: String) -> Any? {
        let path = "\(directory)/\(name)"
        var status = stat()
        // To open a pipe could take for ever.
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 16 << 20,
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONSerialization.jsonObject(with: data)
    }
}
