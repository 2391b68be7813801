import Dispatch
import Synchronization
import Tokenization
import Transformer

/// Queues of texts, one for each client, from which batches are filled in turn.
///
/// A batch is whatever waits when a thread becomes free: nothing is delayed to make batches larger. Clients are served
/// round-robin, one text at a time, so that one with thousands of texts does not hold up another's single one.
final class Batcher: Sendable {
    /// One text of a request.
    struct Item {
        let request: PendingRequest
        let index: Int

        var tokens: Int { request.encodings[index].ids.count }
    }

    private struct State {
        var queues: [UInt64: Queue<Item>] = [:]
        var turns = Queue<UInt64>()
        var waiting = 0
        var isStopping = false
    }

    private let state = Mutex(State())
    /// Counts the items added, so that a thread that finds nothing can block.
    private let added = DispatchSemaphore(value: 0)
    private let tokenLimit: Int
    private let capacity: Int

    /// Batches hold at most `tokenLimit` tokens (one longer text still makes a batch alone); at most `capacity` texts wait.
    init(tokenLimit: Int, capacity: Int) {
        self.tokenLimit = tokenLimit
        self.capacity = capacity
    }

    /// Texts that wait.
    var waiting: Int { state.withLock { $0.waiting } }

    /// Queues all texts of `request` behind those of the same client.
    ///
    /// - Throws: `overloaded` or `stopping`, with nothing queued.
    func add(_ request: PendingRequest, client: UInt64) throws(InferenceError) {
        try state.withLock { state throws(InferenceError) in
            guard !state.isStopping else { throw .stopping }
            // A request is let in whole while there is any room, so that a large one is not refused for ever.
            guard state.waiting < capacity else { throw .overloaded }
            if state.queues[client] == nil {
                state.turns.append(client)
            }
            for index in request.encodings.indices {
                state.queues[client, default: Queue()].append(Item(request: request, index: index))
            }
            state.waiting += request.encodings.count
        }
        added.signal()
    }

    /// The next batch, of texts for one body; waits until there is one, nil once stopped and empty.
    func next() -> [Item]? {
        while true {
            let (items, isOver, isMore) = state.withLock { state in
                let items = Self.take(from: &state, tokenLimit: tokenLimit)
                return (items, state.isStopping && state.waiting == 0, state.waiting > 0)
            }
            if !items.isEmpty {
                if isMore { added.signal() }
                return items
            }
            if isOver {
                added.signal()
                return nil
            }
            added.wait()
        }
    }

    /// Lets threads end once the queues are empty, and refuses what comes later.
    func stop() {
        state.withLock { $0.isStopping = true }
        added.signal()
    }

    private static func take(from state: inout State, tokenLimit: Int) -> [Item] {
        var items: [Item] = []
        var tokens = 0
        while let client = state.turns.first {
            guard let item = state.queues[client]?.first else {
                state.turns.removeFirst()
                state.queues[client] = nil
                continue
            }
            let isDropped = item.request.isEnded
            if !isDropped, let first = items.first {
                guard tokens + item.tokens <= tokenLimit, item.request.body === first.request.body else { break }
            }
            state.queues[client]?.removeFirst()
            state.waiting -= 1
            if isDropped { continue }
            tokens += item.tokens
            items.append(item)
            state.turns.removeFirst()
            if state.queues[client]?.first == nil {
                state.queues[client] = nil
            } else {
                state.turns.append(client)
            }
        }
        return items
    }
}

/// A first-in-first-out queue whose removals do not move what stays.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
