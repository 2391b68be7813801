import CLinux

/// How this process takes memory and gives it back.
package enum Heap {
    /// To be called before there is anything in memory that could stay behind.
    package static func setUp() { clinux_return_large_blocks() }

    /// Gives back what is free: after work that took much more than what goes on.
    static func giveBack() { clinux_return_free_memory() }
}
