package import Safetensors
package import Tensors

/// A part of a checkpoint's name space, from which a layer loads what it needs by name and shape.
///
/// `scope["attention"]["self"].tensor("query.weight", [384, 384])`: a missing tensor, another shape or another
/// element type is an error that names it, and so is, at the end, a tensor that nobody asked for.
package struct ParameterScope {
    /// Remembers, for all scopes of one checkpoint, what has been read.
    private final class Ledger {
        let checkpoint: Checkpoint
        var used: Set<String> = []

        init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }
    }

    private let ledger: Ledger
    private let prefix: String

    /// The root of `checkpoint`'s names.
    package init(_ checkpoint: Checkpoint) {
        ledger = Ledger(checkpoint)
        prefix = ""
    }

    private init(ledger: Ledger, prefix: String) {
        self.ledger = ledger
        self.prefix = prefix
    }

    /// The names that start with this scope's and `name`, followed by a dot.
    package subscript(name: String) -> ParameterScope {
        ParameterScope(ledger: ledger, prefix: prefix + name + ".")
    }

    /// Whether the checkpoint has `name` in this scope.
    package func contains(_ name: String) -> Bool { ledger.checkpoint.entry(prefix + name) != nil }

    /// The shape of `name`, or nil where the checkpoint does not have it.
    package func shape(_ name: String) -> [Int]? { ledger.checkpoint.entry(prefix + name)?.shape }

    /// The tensor `name`, which must have `shape`.
    ///
    /// Read as `SafetensorsFile.tensor(of:)` says.
    /// - Throws: `ModelError` if it is missing, or of another shape or type.
    package func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor {
        let full = prefix + name
        guard let entry = ledger.checkpoint.entry(full), let file = ledger.checkpoint.file(of: full) else {
            throw ModelError(.missingTensor, "the checkpoint has no tensor '\(full)' (expected \(shape))")
        }
        guard entry.shape == shape else {
            throw ModelError(.wrongShape, "tensor '\(full)' is \(entry.shape), expected \(shape)")
        }
        ledger.used.insert(full)
        return try file.tensor(of: entry)
    }

    /// Accepts that tensors starting with one of `prefixes` (in this scope) are not used.
    package func ignore(_ prefixes: [String]) {
        for name in ledger.checkpoint.names where prefixes.contains(where: { name.hasPrefix(prefix + $0) }) {
            ledger.used.insert(name)
        }
    }

    /// - Throws: `ModelError` naming the tensors that nothing has asked for.
    package func checkAllUsed() throws(ModelError) {
        let unused = ledger.checkpoint.names.filter { !ledger.used.contains($0) }.sorted()
        guard unused.isEmpty else {
            let shown = unused.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
            throw ModelError(
                .unusedTensor,
                "the checkpoint has \(unused.count) tensors that this architecture does not use: \(shown)"
            )
        }
    }
}
