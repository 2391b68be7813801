import Foundation
import Storage
import Tensors
import Transformer

extension BodyParameters {
    /// A digest of all weights, in the order of the walk: bodies that compute the same have the same.
    func digest(_ configuration: ModelConfiguration) -> ContentDigest {
        var summary = Data()
        for (place, tensor) in tensors(configuration) {
            let digest = tensor.values.withUnsafeBytes { ContentDigest(of: $0) }
            summary.append(Data("\(digest.hex)  \(place.name)\n".utf8))
        }
        return ContentDigest(of: summary)
    }
}
