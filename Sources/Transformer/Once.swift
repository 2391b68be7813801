import Synchronization

/// A value that is made when it is first asked for, by whichever thread asks first.
///
/// Once made it is read without a lock: threads that serve share it with threads at idle priority, and a lock that was just
/// handed to one of those may be held for seconds.
final class Once<Value: Sendable>: Sendable {
    private enum State {
        case unmade(@Sendable (_ threads: Int) -> Value)
        case made(Value)
    }

    private final class Box: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    private let state: Mutex<State>
    private let made = AtomicLazyReference<Box>()

    convenience init(_ make: @escaping @Sendable () -> Value) { self.init { (_: Int) in make() } }

    /// - Parameter make: told how many threads it may use.
    init(_ make: @escaping @Sendable (_ threads: Int) -> Value) { state = Mutex(.unmade(make)) }

    var value: Value { made(by: 1) }

    /// The value, made by up to `threads` threads where it is not there yet.
    func made(by threads: Int) -> Value {
        if let made = made.load() { return made.value }
        return state.withLock { state in
            switch state {
            case .made(let value): return value
            case .unmade(let make):
                let value = make(threads)
                state = .made(value)
                _ = made.storeIfNil(Box(value))
                return value
            }
        }
    }
}
