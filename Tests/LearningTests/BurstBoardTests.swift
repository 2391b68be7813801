import Foundation
import Learning
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct `The board that shows bursts` {
    private func end(_ board: BurstBoard) {
        board.update {
            $0.state = .published
            $0.finished = Date(timeIntervalSince1970: 1_700_000_100)
        }
    }

    private func collect(_ stream: AsyncStream<BurstStatus>) async -> [BurstStatus] {
        var all: [BurstStatus] = []
        for await status in stream { all.append(status) }
        return all
    }

    @Test func `tells every reader how the burst is doing until it is over`() async {
        let board = BurstBoard()
        board.show(status(4))
        var readers = [board.updates(of: 4), board.updates(of: 4)].map { $0.makeAsyncIterator() }
        for index in readers.indices { #expect(await readers[index].next() == status(4), "what it is now comes first") }
        board.update { $0.step = 5 }
        for index in readers.indices { #expect(await readers[index].next()?.step == 5) }
        board.update { $0.state = .judging }
        for index in readers.indices { #expect(await readers[index].next()?.state == .judging) }
        end(board)
        for index in readers.indices {
            let last = await readers[index].next()
            #expect(last?.state == .published && last?.isOver == true && last?.id == 4)
            #expect(await readers[index].next() == nil)
        }
        #expect(board.current?.step == 5)
    }

    @Test func `has nothing to tell of a burst that it does not know`() async {
        let board = BurstBoard()
        #expect(await collect(board.updates(of: 1)).isEmpty)
        board.update { $0.step = 1 }
        #expect(board.current == nil, "there is none to change")
        board.show(status(1))
        #expect(await collect(board.updates(of: 2)).isEmpty)
        board.show(nil)
        #expect(board.current == nil)
        #expect(await collect(board.updates(of: 1)).isEmpty)
    }

    @Test func `tells who comes late how it ended, and ends`() async {
        let board = BurstBoard()
        board.show(status(1))
        let early = board.updates(of: 1)
        board.update { $0.step = 7 }
        end(board)
        #expect(await collect(board.updates(of: 1)).map(\.step) == [7])
        // A burst on record is over too.
        var past = status(2)
        past.finished = past.started
        board.show(past)
        #expect(await collect(board.updates(of: 2)) == [past])
        // Others have come since: the end is still known to who waits for it.
        for id in 3...17 {
            board.show(status(id))
            end(board)
        }
        board.show(status(18))
        #expect(await collect(early).last?.isOver == true)
        #expect(await collect(board.updates(of: 1)).map(\.isOver) == [true])
        #expect(await collect(board.updates(of: 17)).map(\.id) == [17])
        // It does not grow for ever.
        end(board)
        #expect(await collect(board.updates(of: 1)).isEmpty)
    }

    @Test func `lets a reader go whose burst another takes the place of`() async {
        let board = BurstBoard()
        board.show(status(1))
        var reader = board.updates(of: 1).makeAsyncIterator()
        #expect(await reader.next()?.id == 1)
        board.show(status(2))
        #expect(await reader.next() == nil)
    }

    @Test func `asks only a burst that runs to stop`() {
        let board = BurstBoard()
        #expect(board.cancel() == nil)
        #expect(!board.isCancelled)
        board.show(status(3))
        #expect(!board.isCancelled)
        #expect(board.cancel()?.id == 3)
        #expect(board.isCancelled)
        #expect(board.cancel()?.id == 3, "again is as good as once")
        board.update { $0.step = 2 }
        #expect(board.isCancelled)
        end(board)
        #expect(!board.isCancelled, "what comes before the next burst was not asked either")
        #expect(board.cancel() == nil)
        board.show(status(4))
        #expect(!board.isCancelled, "the next burst was not asked")
    }

    @Test func `lets readers go away at any time`() async {
        let board = BurstBoard()
        board.show(status())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let stream = board.updates(of: 1)
                    let reader = Task {
                        var seen = 0
                        for await _ in stream {
                            seen += 1
                            if seen == number % 3 { break }
                        }
                    }
                    if number % 2 == 0 { reader.cancel() }
                    await reader.value
                }
            }
            group.addTask {
                for step in 1...20_000 {
                    board.update { $0.step = step }
                    if step % 50 == 0 { await Task.yield() }
                }
                end(board)
            }
        }
        #expect(board.current?.isOver == true)
    }

    @Test func `takes changes that several threads make, and shows them in their order`() async {
        let board = BurstBoard()
        board.show(status())
        let stream = board.updates(of: 1)
        let reader = Task {
            var steps: [Int] = []
            for await status in stream { steps.append(status.step) }
            return steps
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<20_000 { board.update { $0.step += 1 } } }
            }
        }
        end(board)
        let steps = await reader.value
        #expect(steps.last == 80_000)
        #expect(steps == steps.sorted())
    }
}
