package import Transformer

/// A fitted head and how it came about.
package struct HeadFit: Sendable {
    package let head: ClassificationHead
    package let settings: HeadSettings
    package let iterations: Int
    /// Length of the gradient where the fit stopped, in a `HeadSpace`.
    package let gradientLength: Double
    /// Whether the settings are those that cross-validation would choose and the fit went to its tolerance.
    package let isThorough: Bool
}

/// Multinomial logistic regression on pooled features, with a penalty and with label names as light examples.
///
/// A fit is a pure function of the parent head, the settings, the examples in content order, the names and the labels.
/// Where the model has a head of its own, `base`, the penalty pulls to that head's rows, else to zero.
package struct HeadProblem: Sendable {
    let examples: HeadExamples
    package let labels: [String]
    /// Features of the labels' names, but of those that the base knows by more than their name.
    let names: [String: [Float]]
    let base: ClassificationHead?
    /// The examples that settings are chosen by; nil for all.
    let judges: Set<ExampleKey>?
    /// The length of the gradient, by what an example of weight 1 contributes at most, at which a thorough fit stops.
    package var remainder = 1e-2

    /// The problem for `labels`, the classes in their order; `names` are features of label names, where there are any.
    ///
    /// A name whose features are zero, not finite or of another length is left out.
    ///
    /// - Parameter judges: where the features come from a body that was trained on some of the examples, the others: on
    ///   those alone can be seen what suits examples that are to come. Nil where it was trained on none.
    package init(
        examples: HeadExamples,
        labels: [String],
        names: [String: [Float]],
        base: ClassificationHead? = nil,
        judges: Set<ExampleKey>? = nil
    ) {
        self.judges = judges
        self.examples = examples
        self.labels = labels
        self.base = base.flatMap { $0.featureCount == examples.featureCount ? $0 : nil }
        let own = Set(self.base?.labels ?? [])
        self.names = names.filter { name, features in
            !own.contains(name) && features.count == examples.featureCount && features.contains { $0 != 0 }
                && features.allSatisfy(\.isFinite)
        }
    }

    /// Fits the head, from `parent` where there is one; nil when interrupted.
    ///
    /// A quick fit keeps the parent's settings. On large problems it looks at the examples in `new`, those that the parent
    /// has not seen, and at a part of the others that stands for all of them, and corrects the parent rather than solving
    /// anew; that is bounded work and not interrupted. It cannot tell what the parent owes to examples that are gone: `lost`
    /// says how many of these there are, and where they may matter it solves anew after all. A thorough fit chooses the settings again when
    /// `HeadSettings.isDue` says so and goes to the tolerance on everything.
    /// - Throws: `TuningError` if there is nothing to fit or an example's label is not among `labels`.
    package func fit(
        parent: ClassificationHead?,
        settings: HeadSettings?,
        isThorough: Bool,
        new: Set<ExampleKey> = [],
        lost: Int = 0,
        isInterrupted: () -> Bool = { false }
    ) throws(TuningError) -> HeadFit? {
        guard !labels.isEmpty else { throw TuningError("there are no labels to fit a head for") }
        guard Set(labels).count == labels.count else { throw TuningError("a label is given twice") }
        let rows = try rows()
        let nameRows = nameRows()
        var settings = settings ?? HeadSettings(classes: labels.count, spread: spread(rows, nameRows))
        try settings.check()
        if rows.count == 0, base == nil { return nearestName(settings) }
        let isDue = settings.isDue(examples: examples.count)
        if isThorough, isDue {
            guard let chosen = try choose(rows, nameRows, settings, isInterrupted) else { return nil }
            settings = chosen
        }
        let space = space(rows, nameRows, settings)
        let parent = parent.flatMap { $0.featureCount == examples.featureCount ? $0 : nil }
        if !isThorough, let parent, isQuickWorthwhile(new: new.count, lost: lost) {
            let outcome = correct(parent, rows, nameRows, settings, space, new: new)
            return try fit(outcome, space, settings, isThorough: false)
        }
        guard let outcome = solve(rows, nameRows, settings, space, from: parent ?? base, isInterrupted) else {
            return nil
        }
        let isDone = isThorough || !isDue
        if outcome.iterations == 0, let parent, parent.labels == labels, parent.temperature == settings.temperature {
            // As good as it gets: the very same head, not one that differs in the last bits.
            return HeadFit(
                head: parent,
                settings: settings,
                iterations: 0,
                gradientLength: outcome.gradientLength,
                isThorough: isDone
            )
        }
        return try fit(outcome, space, settings, isThorough: isDone)
    }

    /// `settings`, chosen on another body's features, for these.
    package func adapted(_ settings: HeadSettings) throws(TuningError) -> HeadSettings {
        var adapted = settings
        adapted.spread = spread(try rows(), nameRows())
        return adapted
    }

    private func fit(
        _ outcome: LBFGS.Outcome, _ space: HeadSpace, _ settings: HeadSettings, isThorough: Bool
    ) throws(TuningError) -> HeadFit {
        let head = space.head(at: outcome.point, temperature: settings.temperature)
        guard head.weight.allSatisfy(\.isFinite), head.bias.allSatisfy(\.isFinite) else {
            throw TuningError("the fit ended at values that are not finite")
        }
        return HeadFit(
            head: head,
            settings: settings,
            iterations: outcome.iterations,
            gradientLength: outcome.gradientLength,
            isThorough: isThorough
        )
    }

    /// The minimum over all of `rows`.
    func solve(
        _ rows: HeadRows, _ nameRows: HeadRows, _ settings: HeadSettings, _ space: HeadSpace,
        from start: ClassificationHead?, _ isInterrupted: () -> Bool
    ) -> LBFGS.Outcome? {
        let target = space.point(of: base)
        let objective = HeadObjective(
            [rows, weighted(nameRows, settings)],
            space: space,
            penalty: settings.penalty,
            target: target
        )
        var optimiser = LBFGS(tolerance: tolerance(rows))
        let point = start.map(space.point) ?? target
        if start != nil, let near = preconditioner(objective, rows, at: point) {
            optimiser.precondition = near.apply
        } else {
            optimiser.precondition = preconditioner(rows, nameRows, settings, space)?.apply
        }
        return optimiser.minimize(
            from: point,
            isInterrupted: isInterrupted,
            objective.evaluate
        )
    }

    /// The length of the gradient at which a fit stops.
    ///
    /// To `remainder` comes a millionth of what all examples contribute, below which the rounding of single precision rules.
    func tolerance(_ rows: HeadRows) -> Double { remainder + 1e-6 * rows.totalWeight }
}
