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
        var summary = Data()
        for file in (shards + settings).sorted() where files.fileExists(atPath: "\(directory)/\(file)") {
            // The Hub's cache keeps files elsewhere and links to them.
            let digest = try FileSystem.hash("\(directory)/\(file)", followsLink: true, memo: memo).digest
            summary.append(contentsOf: "\(digest.hex)  \(file)\n".utf8)
        }
        self.init(name: name, digest: ContentDigest(of: summary).hex)
    }
}
