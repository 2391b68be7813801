import LineProtocol

/// Works on several elements at once and hands on the results in the elements' order.
package enum Pipeline {
    /// Runs `work` on what `next` gives until that is nil, at most `inFlight` at a time, and `each` on every result.
    ///
    /// Elements may come as slowly as a person types: each result is handed on when it and its predecessors are there.
    /// The first error ends it; work that has begun is then cancelled.
    package static func run<Element: Sendable, Output: Sendable>(
        inFlight: Int = Limits.inFlight,
        _ next: @escaping @Sendable () async throws -> Element?,
        work: @escaping @Sendable (Element) async throws -> Output,
        each: (Output) throws -> Void
    ) async throws {
        let (places, place) = AsyncStream.makeStream(of: Void.self)
        let (tasks, begun) = AsyncThrowingStream.makeStream(of: Task<Output, any Error>.self)
        for _ in 0..<inFlight { place.yield() }
        // Not awaited when something fails: it may be waiting for a line that nobody types.
        let reader = Task {
            do {
                for await _ in places {
                    guard let element = try await next() else { break }
                    begun.yield(Task { try await work(element) })
                }
                begun.finish()
            } catch {
                begun.finish(throwing: error)
            }
        }
        do {
            for try await task in tasks {
                try each(try await task.value)
                place.yield()
            }
        } catch {
            reader.cancel()
            place.finish()
            throw error
        }
    }

    /// The same for elements that are all there.
    package static func run<Element: Sendable, Output: Sendable>(
        inFlight: Int = Limits.inFlight,
        over elements: [Element],
        work: @escaping @Sendable (Element) async throws -> Output,
        each: (Output) throws -> Void
    ) async throws {
        let source = Source(elements)
        try await run(inFlight: inFlight, { await source.next() }, work: work, each: each)
    }

    private actor Source<Element: Sendable> {
        private var rest: ArraySlice<Element>

        init(_ elements: [Element]) { rest = elements[...] }

        func next() -> Element? { rest.popFirst() }
    }
}
