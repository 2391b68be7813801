import ArgumentParser
import Foundation
import Learning
import Storage
import Tensors

/// Makes revisions again and compares.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Make a revision again from the journal, and compare it with what is kept.",
        discussion: """
            Checks every file of the revision against its manifest, and the corrections that it was made from against \
            their digests; then fits its head again, and trains its body again where it brought one, and compares to \
            the bit. A burst takes as long as it took. A running daemon is asked for a copy of its state on its socket, \
            which takes the admin role and permission to read its state directory.

            Exits with 0 if everything is the same, with 1 if something differs, with 3 if nothing differs but \
            something cannot be compared: another processor's arithmetic, a parent that is no longer kept, a \
            correction that was purged.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The revision's number, 'current', or 'all' that are kept.")
    var revision: String

    @Flag(help: "Also all revisions that it was made from, as far as they are kept.")
    var lineage = false

    func run() async throws {
        var verdicts: [Verdict] = []
        do {
            let settings = try options.settings()
            let choice = try Processor.check()
            let model = try await BaseModel(
                directory: settings.required("model"), name: settings.text("name"), precision: settings.precision,
                choice: choice)
            try await withState(settings, model: model.identity) { store in
                let verifier = try await Verifier(
                    store: store, base: model.learning, pipeline: try await model.pipeline())
                for number in try await numbers(store, verifier) {
                    let verdict = try await verifier.verify(number)
                    print("revision \(number): \(verdict)")
                    verdicts.append(verdict)
                }
            }
        } catch {
            throw ValidationFailure(error)
        }
        for verdict in verdicts {
            if case .differs = verdict { throw ExitCode(1) }
        }
        for verdict in verdicts where verdict != .same { throw ExitCode(3) }
    }

    /// What is to be verified.
    private func numbers(_ store: StateStore, _ verifier: Verifier) async throws -> [Int] {
        if revision == "all" { return try await store.revisions().map(\.number).reversed() }
        let number = revision == "current" ? store.serving : Int(revision)
        guard let number, number >= 0 else {
            throw ConfigurationError("'\(revision)' is not a revision: expected a number, 'current' or 'all'")
        }
        guard number > 0 else { throw ConfigurationError("revision 0 is the base model: there is nothing to verify") }
        return lineage ? try await verifier.lineage(of: number) : [number]
    }
}
