package import Transformer

/// A revision in memory: the body and the head that answer together under one number.
package final class ServingRevision: Sendable {
    /// The revision's number; 0 before any has been published.
    package let number: Int
    package let body: Body
    /// Nil while there is nothing to predict: no head in the model, no labels configured, no corrections.
    package let head: ClassificationHead?

    package init(number: Int, body: Body, head: ClassificationHead?) {
        self.number = number
        self.body = body
        self.head = head
    }

    /// Packs the body's weights now, so that the first request need not wait for it.
    ///
    /// - Parameter threads: how many threads may share the work.
    package func prepare(threads: Int = 1) { body.encoder.prepare(threads: threads) }
}

/// One set of transformer weights in memory, shared by all revisions that differ in their head alone.
package final class Body: Sendable {
    package let encoder: TextEncoder

    package init(encoder: TextEncoder) { self.encoder = encoder }

    /// The same body, without what makes it ready to compute until it does.
    package func resting() -> Body { Body(encoder: encoder.unpacked()) }
}
