package import Transformer

/// Draws the batches of a burst: an order that depends on the examples' order, the seed and the sizes alone.
///
/// Corrections and replay come 1:1, each from a deck that is shuffled anew when it is used up. No example is in a batch
/// twice, so that a batch is smaller where there are few. With `pairs`, every second example has the label of the one
/// before it, where there is another with that label: a contrastive loss has nothing to say about an example alone. Of
/// those with the label it is one of the side that is behind, corrections or replay, where there is one.
/// A batch of long texts comes in parts, of which each has as many tokens as are computed at a time.
/// With a token dropout every draw of a text lacks other words of it.
package struct BatchSampler {
    /// The examples of one batch, or of a part of it.
    package struct Drawn {
        package var batch = TokenBatch()
        package var labels: [Int32] = []
        package var weights: [Float] = []

        package init() {}
    }

    private let examples: [BurstExample]
    /// How many of `examples`, the first, are corrections; the others are replay.
    private let corrections: Int
    private var decks: [Deck]
    private var generator: SplitMix
    private let size: Int
    private let tokens: Int
    private let dropout: Float
    /// What tokens are left out by; apart from `generator`, so that the order is the same with dropout and without.
    private var dropGenerator: SplitMix
    /// Indices of the examples of each label; empty without `pairs`.
    private var byLabel: [Int32: [Int]] = [:]

    package init(
        corrections: [BurstExample],
        replay: [BurstExample],
        size: Int,
        tokens: Int,
        pairs: Bool,
        seed: UInt64,
        dropout: Float = 0
    ) {
        examples = corrections + replay
        self.corrections = corrections.count
        decks = [0..<corrections.count, corrections.count..<corrections.count + replay.count]
            .filter { !$0.isEmpty }.map { Deck($0) }
        let share = decks.map(\.count).min() ?? 0
        // Half each, but no more than the corrections there are; all of one deck where there is no other.
        let most = decks.count == 2 ? 2 * min(corrections.count, max(size / 2, 1)) : share
        self.size = max(min(size, most), 1)
        self.tokens = tokens
        self.dropout = dropout
        generator = SplitMix(seed: seed, name: "batches")
        dropGenerator = SplitMix(seed: seed, name: "dropped tokens")
        if pairs {
            for (index, example) in examples.enumerated() { byLabel[example.label, default: []].append(index) }
        }
    }

    /// The parts of the next batch; never none, and none of them empty.
    package mutating func next() -> [Drawn] {
        var parts = [Drawn()]
        var used: Set<Int> = []
        var turn = 0
        // By how many corrections are ahead of replay, in this batch.
        var lead = 0
        func use(_ index: Int) {
            used.insert(index)
            lead += index < corrections ? 1 : -1
        }
        while used.count < size {
            let deck = lead == 0 ? turn % decks.count : lead < 0 ? 0 : decks.count - 1
            guard let index = decks[deck].peek(avoiding: used, &generator) else { break }
            decks[deck].advance()
            use(index)
            var pair = [index]
            if used.count < size, let partner = partner(of: index, avoiding: used, lead: lead) {
                use(partner)
                pair.append(partner)
            }
            append(pair, to: &parts)
            turn += 1
        }
        return parts
    }

    /// Appends a pair to the last part, or to one more where it does not fit; parted only where it is too long for any.
    private mutating func append(_ pair: [Int], to parts: inout [Drawn]) {
        let length = pair.reduce(0) { $0 + examples[$1].ids.count }
        let groups = length <= tokens ? [pair] : pair.map { [$0] }
        for group in groups {
            let length = group.reduce(0) { $0 + examples[$1].ids.count }
            let last = parts[parts.count - 1]
            if !last.labels.isEmpty, last.batch.tokenCount + length > tokens { parts.append(Drawn()) }
            for index in group { append(examples[index], to: &parts[parts.count - 1]) }
        }
    }

    private mutating func append(_ example: BurstExample, to drawn: inout Drawn) {
        let places = keptPlaces(of: example)
        drawn.batch.append(ids: places.map { example.ids[$0] }, typeIDs: places.map { example.typeIDs[$0] })
        drawn.labels.append(example.label)
        drawn.weights.append(example.weight)
    }

    /// Where the tokens are that stay: the first, the last and their like elsewhere, which frame the text or part it in
    /// two, and of the others those that are not left out; all where none of the others would stay.
    private mutating func keptPlaces(of example: BurstExample) -> [Int] {
        let all = Array(example.ids.indices)
        guard dropout > 0, let first = example.ids.first, let last = example.ids.last else { return all }
        var kept: [Int] = []
        var words = 0
        for place in all {
            let isFrame = example.ids[place] == first || example.ids[place] == last
            if !isFrame, (dropGenerator.nextSigned() + 1) / 2 < dropout { continue }
            kept.append(place)
            if !isFrame { words += 1 }
        }
        return words > 0 ? kept : all
    }

    private mutating func partner(of index: Int, avoiding used: Set<Int>, lead: Int) -> Int? {
        let others = byLabel[examples[index].label, default: []].filter { !used.contains($0) }
        let behind = others.filter { lead > 0 ? $0 >= corrections : lead < 0 && $0 < corrections }
        let candidates = behind.isEmpty ? others : behind
        return candidates.isEmpty ? nil : candidates[generator.next(below: candidates.count)]
    }

    /// A part of the examples in random order, over and over.
    private struct Deck {
        private var order: [Int]
        private var position: Int

        init(_ range: Range<Int>) {
            order = Array(range)
            position = order.count
        }

        var count: Int { order.count }

        /// The next example that is not in `used`; nil where there is none left.
        ///
        /// Those that are used change places with later ones, so that none is left out of a pass.
        mutating func peek(avoiding used: Set<Int>, _ generator: inout SplitMix) -> Int? {
            if position == order.count {
                generator.shuffle(&order)
                position = 0
            }
            if let free = order[position...].firstIndex(where: { !used.contains($0) }) {
                order.swapAt(position, free)
                return order[position]
            }
            // The rest of the pass is in the batch already: begin the next one.
            generator.shuffle(&order)
            position = 0
            guard let free = order.firstIndex(where: { !used.contains($0) }) else { return nil }
            order.swapAt(position, free)
            return order[position]
        }

        mutating func advance() { position += 1 }
    }
}
