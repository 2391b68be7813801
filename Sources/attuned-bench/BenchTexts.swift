import AttuneClient
import LineProtocol

/// What the measurements teach and ask for.
enum BenchTexts {
    /// Teaches `count` corrections of `labels` labels, 16 in flight.
    static func teach(_ count: Int, labels: Int, _ client: AttuneClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= 16 { try await group.next() }
                let correction = SubmitParameters(
                    Input(text(index, label: index % labels)), label: "label \(index % labels)",
                    idempotencyKey: "bench-\(index)")
                group.addTask { _ = try await client.submit(correction) }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until nothing is queued, no better head is being fitted, and no burst runs or is due.
    static func settle(_ client: AttuneClient) async throws {
        while true {
            let status = try await client.status()
            if status.state == .serving, status.corrections.queued == 0 { return }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// A text about the subject of `label`, different for every index.
    static func text(_ index: Int, label: Int) -> String {
        let subjects = ["card", "transfer", "account", "fee", "refund", "address", "phone", "loan", "limit"]
        let verbs = ["lost", "blocked", "changed", "wrong", "late", "missing", "new"]
        return """
            my \(subjects[label % subjects.count]) is \(verbs[label / subjects.count % verbs.count]) \
            in matter \(label), case number \(index * 7919 % 1_000_003)
            """
    }
}
