import Tensors
import Testing

@Suite struct `A workspace` {
    /// On both sides of a large page of 2 MB, and of several.
    @Test(arguments: [1, 15, 16, 1 << 19 - 1, 1 << 19, 1 << 19 + 1, 3 << 19, 3 << 19 + 17])
    func `is zero from its first float to its last, and can be written there`(count: Int) {
        for round in 0..<3 {
            let workspace = Workspace(capacity: Workspace.footprint(rows: 1, columns: count))
            let all = workspace.matrix(rows: 1, columns: count)
            #expect(all.values.allSatisfy { $0 == 0 }, "\(count) floats, round \(round)")
            for index in 0..<count { all[0, index] = Float(index % 251) - 7.5 }
            #expect(all[0, 0] == -7.5)
            #expect(all[0, count - 1] == Float((count - 1) % 251) - 7.5)
        }
    }

    @Test func `gives out matrices that begin at cache lines, and takes them back`() {
        let size = Workspace.footprint(rows: 3, columns: 5)
        let workspace = Workspace(capacity: 2 * size)
        for _ in 0..<3 {
            workspace.scoped {
                let (first, second) = (workspace.matrix(rows: 3, columns: 5), workspace.matrix(rows: 3, columns: 5))
                first.fill(1)
                second.fill(2)
                #expect(first.values == [Float](repeating: 1, count: 15))
            }
        }
    }
}
