/// The tokens that a tokenizer knows, both ways.
struct Vocabulary: Sendable {
    /// All tokens by their bytes.
    private(set) var tokens: TokenTable
    /// All tokens by their ids, which may have gaps.
    private let names: [(id: Int32, name: String)]

    /// How many tokens there are.
    var count: Int { names.count }

    /// One more than the highest id.
    var size: Int { names.last.map { Int($0.id) + 1 } ?? 0 }

    /// - Throws: `TokenizerFault` if a token is empty or there twice, or two have the same id.
    init(_ entries: [(name: String, id: Int32)]) throws(TokenizerFault) {
        tokens = TokenTable(count: entries.count)
        for (name, id) in entries {
            guard !name.isEmpty else { throw TokenizerFault("'vocab': the token with id \(id) is empty") }
            guard tokens.insert(name.utf8, id: id) else { throw TokenizerFault("'vocab': '\(name)' is there twice") }
        }
        names = entries.map { (id: $0.id, name: $0.name) }.sorted { $0.id < $1.id }
        for (one, other) in zip(names, names.dropFirst()) where one.id == other.id {
            throw TokenizerFault("'vocab': '\(one.name)' and '\(other.name)' have the same id \(one.id)")
        }
    }

    func id(of name: String) -> Int32? { tokens.id(of: name.utf8) }

    func name(of id: Int32) -> String? {
        var range = 0..<names.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if names[middle].id == id { return names[middle].name }
            range = names[middle].id < id ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// The rest of each token that starts with `prefix` and goes on after it.
    func continuations(after prefix: String) -> TokenTable {
        let length = prefix.utf8.count
        let found = names.filter { $0.name.utf8.starts(with: prefix.utf8) && $0.name.utf8.count > length }
        var table = TokenTable(count: found.count)
        for (id, name) in found {
            _ = table.insert(name.utf8.dropFirst(length), id: id)
        }
        return table
    }
}
