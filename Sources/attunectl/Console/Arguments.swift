public import ArgumentParser
public import LineProtocol

// The protocol's own words are the options' values.

extension SubmitParameters.Wait: ExpressibleByArgument {}

extension StartTuningParameters.Wait: ExpressibleByArgument {}

extension CorrectionState: ExpressibleByArgument {}

extension TuningMethod: ExpressibleByArgument {}

extension Cursor: ExpressibleByArgument {}
