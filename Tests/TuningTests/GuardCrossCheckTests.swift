import Testing
import Transformer
import Tuning

@Suite struct `The cross-check of users` {
    /// Corrections of several users about the same world.
    struct Teaching {
        var world: HeadWorld
        var random: TestRandom
        var examples: [HeadExamples.Example] = []
        var users: [ExampleKey: CrossCheck.User] = [:]

        init(classes: Int, noise: Float = 0.8, seed: UInt64 = 1) {
            world = HeadWorld(classes: classes, featureCount: 24, noise: noise, seed: seed)
            random = TestRandom(state: seed &+ 100)
        }

        /// Lets `user` teach `count` examples, of all classes by turns, of which so many in ten get a label by chance.
        mutating func teach(_ user: CrossCheck.User?, _ count: Int, randomInTen: Int = 0) {
            for number in 0..<count {
                let label =
                    number % 10 < randomInTen ? world.labels.randomElement(using: &random) : nil
                add(user, world.example(number % world.labels.count, label: label))
            }
        }

        mutating func add(_ user: CrossCheck.User?, _ example: HeadExamples.Example) {
            examples.append(example)
            users[example.key] = user
        }

        func suspects(_ settings: CrossCheck.Settings = CrossCheck.Settings()) throws -> [CrossCheck.Suspect] {
            var cleared: Set<CrossCheck.User> = []
            return try suspects(settings, &cleared)
        }

        func suspects(
            _ settings: CrossCheck.Settings, _ cleared: inout Set<CrossCheck.User>
        ) throws -> [CrossCheck.Suspect] {
            let table = try HeadExamples(featureCount: 24, examples)
            let problem = HeadProblem(
                examples: table, labels: Set(examples.map(\.label)).sorted(), names: [:])
            return try #require(
                try CrossCheck.suspects(
                    in: problem, headSettings: HeadSettings(classes: problem.labels.count, spread: 24), users: users,
                    settings: settings, cleared: &cleared))
        }
    }

    /// Classes, what the honest user teaches, and what the other one does.
    @Test(arguments: [(2, 100, 60), (2, 100, 100), (10, 100, 40), (77, 385, 150)], [1, 2, 3] as [UInt64])
    func `finds who teaches by chance, and nobody who teaches what is right`(
        _ size: (classes: Int, honest: Int, other: Int), seed: UInt64
    ) throws {
        var teaching = Teaching(classes: size.classes, seed: seed)
        teaching.teach(1000, size.honest)
        let before = teaching
        teaching.teach(2000, size.other, randomInTen: 10)
        let suspects = try teaching.suspects()
        #expect(suspects.map(\.user) == [2000])
        let suspect = try #require(suspects.first)
        #expect(suspect.examples > 0 && suspect.examples <= size.other)
        #expect(Double(suspect.contradicted) / Double(suspect.examples) > suspect.usual + 0.2)
        #expect(
            suspect.reason.hasPrefix(
                "\(suspect.contradicted) of \(suspect.examples) corrections of user 2000 contradict"))

        var control = before
        control.teach(2000, size.other)
        #expect(try control.suspects().isEmpty)
    }

    @Test func `finds who teaches the contrary of two answers`() throws {
        var teaching = Teaching(classes: 2)
        teaching.teach(1, 120)
        for number in 0..<40 {
            teaching.add(2, teaching.world.example(number % 2, label: teaching.world.labels[1 - number % 2]))
        }
        #expect(try teaching.suspects().map(\.user) == [2])
    }

    /// As people should: a text that was answered rightly needs no correction.
    @Test(arguments: [(2, 300, 2.0), (10, 200, 1.6), (40, 400, 1.6)], [1, 2, 3] as [UInt64])
    func `does not suspect who corrects what was answered wrongly`(
        _ size: (classes: Int, honest: Int, noise: Float), seed: UInt64
    ) throws {
        var teaching = Teaching(classes: size.classes, noise: size.noise, seed: seed)
        teaching.teach(1, size.honest)
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 24, teaching.examples),
            labels: Set(teaching.examples.map(\.label)).sorted(), names: [:])
        let settings = HeadSettings(classes: size.classes, spread: 24)
        let served = try #require(try problem.fit(parent: nil, settings: settings, isThorough: false)).head
        var control = teaching
        var wrong = 0
        for number in 0..<20_000 where wrong < 60 {
            let example = teaching.world.example(number % size.classes)
            guard served.answer(example.features) != example.label else { continue }
            teaching.add(2, example)
            wrong += 1
        }
        #expect(wrong == 60)
        #expect(try teaching.suspects().isEmpty)
        if size.classes == 10 {
            // Nearly all of them are contradicted: by number alone it would be as one who teaches by chance.
            var numbers = CrossCheck.Settings()
            numbers.fewestContradicted = .max
            #expect(try teaching.suspects(numbers).map(\.user) == [2])
        }
        control.teach(2, 100, randomInTen: 10)
        #expect(try control.suspects().map(\.user) == [2])
    }

    @Test func `overlooks nobody beside one who taught thousands`() throws {
        var teaching = Teaching(classes: 10)
        teaching.teach(1, 6000)
        teaching.teach(2, 30, randomInTen: 10)
        teaching.teach(3, 30)
        let suspects = try teaching.suspects()
        #expect(suspects.map(\.user) == [2])
        #expect(suspects.first?.examples == 30)
    }

    @Test func `compares samples by order and number`() {
        // 3 of 5 red out of an urn of 10 with 4 red: (4 choose 3)(6 choose 2) + (4 choose 4)(6 choose 1) of 10 choose 5.
        #expect(abs(RankTest.tail(3, of: 5, marked: 4, among: 10) - 66.0 / 252) < 1e-12)
        #expect(RankTest.tail(0, of: 5, marked: 4, among: 10) > 1 - 1e-12)
        #expect(RankTest.tail(5, of: 5, marked: 4, among: 10) == 0)
        // What scipy.stats.mannwhitneyu makes of the same: U = 10.5 of 12; the deviation is the normal one without ties.
        let comparison = RankTest.compare([3, 5, 8], [1, 2, 3, 4])
        #expect(comparison.share == 10.5 / 12)
        #expect(abs(comparison.deviations - 0.375 / (8.0 / 144).squareRoot()) < 1e-12)
        #expect(RankTest.compare([], [1]).deviations == 0)
    }

    @Test(arguments: [false, true])
    func `does not suspect who teaches labels that nobody else does`(isFair: Bool) throws {
        var teaching = Teaching(classes: 8)
        teaching.teach(1, 120)
        // Whatever they mean, nobody else has said a thing about these labels.
        for number in 0..<60 {
            let label = isFair ? number % 4 : Int.random(in: 0..<4, using: &teaching.random)
            teaching.add(2, teaching.world.example(4 + number % 4, label: "own \(label)"))
        }
        #expect(try teaching.suspects().isEmpty)
    }

    @Test func `says nothing of a single user, nor of those who taught little`() throws {
        var alone = Teaching(classes: 4)
        alone.teach(1, 100, randomInTen: 10)
        #expect(try alone.suspects().isEmpty)
        alone.teach(nil, 100)
        #expect(try alone.suspects().isEmpty)

        var few = Teaching(classes: 4)
        few.teach(1, 100)
        few.teach(2, 19, randomInTen: 10)
        #expect(try few.suspects().isEmpty)
        // The others' must be enough as well.
        var other = Teaching(classes: 4)
        other.teach(1, 100, randomInTen: 10)
        other.teach(2, 19)
        #expect(try other.suspects().isEmpty)
    }

    @Test func `suspects from twenty corrections on`() throws {
        var teaching = Teaching(classes: 8, noise: 0.4)
        teaching.teach(1, 160)
        for number in 0..<20 {
            if number == 19 { #expect(try teaching.suspects().isEmpty) }
            teaching.add(2, teaching.world.example(number % 8, label: teaching.world.labels[(number + 3) % 8]))
        }
        let suspects = try teaching.suspects()
        #expect(suspects.map(\.user) == [2])
        #expect(suspects.first?.examples == 20)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `finds the worst first, and drags along no honest one`(seed: UInt64) throws {
        var teaching = Teaching(classes: 10, seed: seed)
        teaching.teach(1, 80)
        teaching.teach(2, 100, randomInTen: 7)
        teaching.teach(3, 80)
        teaching.teach(4, 200, randomInTen: 10)
        teaching.teach(5, 30)
        #expect(try teaching.suspects().map(\.user) == [4, 2])
    }

    @Test func `names the worst first of those that can be told at once`() throws {
        var teaching = Teaching(classes: 10)
        teaching.teach(1, 300)
        teaching.teach(2, 60, randomInTen: 6)
        teaching.teach(3, 60, randomInTen: 10)
        teaching.teach(4, 60, randomInTen: 8)
        let suspects = try teaching.suspects()
        #expect(suspects.map(\.user) == [3, 4, 2])
        #expect(suspects.map(\.usual) == suspects.map(\.usual).sorted(by: >), "each is left out for the next")
    }

    @Test func `looks at no more users than it may, and at others the next time`() throws {
        var teaching = Teaching(classes: 10)
        teaching.teach(1, 300)
        teaching.teach(2, 60, randomInTen: 6)
        teaching.teach(3, 60, randomInTen: 10)
        teaching.teach(4, 60, randomInTen: 8)
        var few = CrossCheck.Settings()
        for (looks, found) in [(0, []), (1, [3]), (2, [3, 4])] as [(Int, [CrossCheck.User])] {
            few.mostLooks = looks
            #expect(try teaching.suspects(few).map(\.user) == found)
        }
        // As if the check before had looked at the worst one, and found it to be none.
        few.mostLooks = 1
        var cleared: Set<CrossCheck.User> = [3]
        #expect(try teaching.suspects(few, &cleared).map(\.user) == [4])
        #expect(cleared.isEmpty, "nobody else waits")
        cleared = [2, 3, 4]
        #expect(try teaching.suspects(few, &cleared).isEmpty)
        #expect(cleared.isEmpty, "all have been looked at, and will be again")
    }

    @Test func `sees a second one behind the first`() throws {
        // As long as the first is counted among the others, the second is hardly worse than they are.
        var teaching = Teaching(classes: 10)
        teaching.teach(1, 150)
        teaching.teach(2, 400, randomInTen: 10)
        teaching.teach(3, 60, randomInTen: 8)
        #expect(try teaching.suspects().map(\.user) == [2, 3])
    }

    @Test(arguments: [(40, 40, 50), (60, 75, 100)])
    func `clears who was contradicted by a suspect alone`(honest: Int, other: Int, random: Int) throws {
        // User 2 gives one class's texts the label of another, and teaches the rest by chance. Who teaches that class
        // and nothing else is contradicted most of the time, by nobody but user 2.
        var teaching = Teaching(classes: 6)
        for number in 0..<150 { teaching.add(number % 2 == 0 ? 1 : 6, teaching.world.example(number % 5)) }
        for _ in 0..<5 { teaching.add(1, teaching.world.example(5)) }
        for _ in 0..<other { teaching.add(2, teaching.world.example(5, label: "label 0")) }
        for number in 0..<random {
            let label = Int.random(in: 0..<5, using: &teaching.random)
            teaching.add(2, teaching.world.example(number % 5, label: "label \(label)"))
        }
        #expect(try teaching.suspects().map(\.user) == [2])
        for _ in 0..<honest { teaching.add(3, teaching.world.example(5)) }
        #expect(try teaching.suspects().map(\.user) == [2])
    }

    @Test func `learns from examples without a user, and counts them for nobody`() throws {
        var teaching = Teaching(classes: 5)
        teaching.teach(nil, 200)
        teaching.teach(1, 40)
        teaching.teach(2, 40, randomInTen: 10)
        #expect(try teaching.suspects().map(\.user) == [2])
    }

    @Test func `is nothing when interrupted`() throws {
        var teaching = Teaching(classes: 3)
        teaching.teach(1, 60)
        teaching.teach(2, 60)
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 24, teaching.examples), labels: teaching.world.labels, names: [:])
        var cleared: Set<CrossCheck.User> = []
        let suspects = try CrossCheck.suspects(
            in: problem, headSettings: HeadSettings(classes: 3, spread: 24), users: teaching.users, cleared: &cleared,
            isInterrupted: { true })
        #expect(suspects == nil)
    }
}
