import Synchronization

/// A value that is made when it is first asked for, by whichever thread asks first.
///
/// Once made it is read without a lock: threads that serve share it with threads at idle priority, and a lock that was just
/// handed to one of those may be held for seconds.
final class Once<Value: Sendable>: Sendable {
    private enum State {
        case unmade(@Sendable () -> Value)
        case made(Value)
    }

    private final class Box: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    private let state: Mutex<State>
    private let made = AtomicLazyReference<Box>()

    init(_ make: @escaping @Sendable () -> Value) { state = Mutex(.unmade(make)) }

    var value: Value {
        if let made = made.load() { return made.value }
        return state.withLock { state in
            switch state {
            case .made(let value): return value
            case .unmade(let make):
                let value = make()
                state = .made(value)
                _ = made.storeIfNil(Box(value))
                return value
            }
        }
    }
}
