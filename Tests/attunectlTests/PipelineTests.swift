import Testing
import attunectl

struct `A pipeline works on several at once and keeps their order` {
    /// Counts how many are inside at a time.
    private actor Gauge {
        private(set) var most = 0
        private var now = 0

        func enter() {
            now += 1
            most = max(most, now)
        }

        func leave() { now -= 1 }
    }

    private struct Refusal: Error, Equatable {
        let element: Int
    }

    @Test(arguments: [0, 1, 5, 16, 17, 500])
    func `all results in order, never more at once than allowed`(count: Int) async throws {
        let gauge = Gauge()
        var results: [Int] = []
        try await Pipeline.run(inFlight: 4, over: Array(0..<count)) { element in
            await gauge.enter()
            // Later ones finish sooner.
            for _ in 0..<(count - element) % 7 { await Task.yield() }
            await gauge.leave()
            return element
        } each: {
            results.append($0)
        }
        #expect(results == Array(0..<count))
        #expect(await gauge.most <= 4)
    }

    @Test func `a result is handed on before the next element exists`() async throws {
        let (elements, element) = AsyncStream.makeStream(of: Int.self)
        element.yield(0)
        let source = Source(elements)
        var results: [Int] = []
        try await Pipeline.run({ await source.next() }, work: { $0 }) { result in
            results.append(result)
            if result < 3 { element.yield(result + 1) } else { element.finish() }
        }
        #expect(results == [0, 1, 2, 3])
    }

    private actor Source {
        private let stream: AsyncStream<Int>

        init(_ stream: AsyncStream<Int>) { self.stream = stream }

        func next() async -> Int? {
            for await element in stream { return element }
            return nil
        }
    }

    @Test func `the first error in order ends it`() async throws {
        var results: [Int] = []
        await #expect(throws: Refusal(element: 3)) {
            try await Pipeline.run(inFlight: 4, over: Array(0..<100)) { element in
                if element >= 3 { throw Refusal(element: element) }
                return element
            } each: {
                results.append($0)
            }
        }
        #expect(results == [0, 1, 2])
    }

    @Test func `an error of the source comes after what it gave`() async throws {
        let source = Countdown()
        var results: [Int] = []
        await #expect(throws: Refusal(element: 0)) {
            try await Pipeline.run({ try await source.next() }, work: { $0 }) { results.append($0) }
        }
        #expect(results == [2, 1])
    }

    private actor Countdown {
        private var left = 3

        func next() throws -> Int? {
            left -= 1
            if left == 0 { throw Refusal(element: 0) }
            return left
        }
    }
}
