import Learning
import Testing

@Suite struct `The policy of bursts` {
    @Test func `begins anew as long as one burst can go over everything, and goes on from there`() {
        var policy = BurstPolicy()
        #expect([0, 48, 4096].map { policy.purpose(trainable: $0) } == [.consolidate, .consolidate, .consolidate])
        #expect([4097, 50_000].map { policy.purpose(trainable: $0) } == [.tune, .tune])
        policy.replayLimit = 0
        #expect([48, 4096, 50_000].map { policy.purpose(trainable: $0) } == [.tune, .tune, .tune])
    }

    @Test func `waits for more the more the body has learnt`() {
        var policy = BurstPolicy()
        #expect([0, 192, 195].map { policy.threshold(learnt: $0, .consolidate) } == [48, 48, 48])
        #expect([196, 4096].map { policy.threshold(learnt: $0, .consolidate) } == [49, 1024])
        #expect([0, 489, 490, 50_000].map { policy.threshold(learnt: $0, .tune) } == [48, 48, 49, 5000])
        policy.startAfter = 2
        #expect(policy.threshold(learnt: 0, .tune) == 2)
        #expect(policy.threshold(learnt: 100, .consolidate) == 25)
    }
}
