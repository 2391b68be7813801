/// One tensor of a safetensors file: where it lies and how it is to be read.
package struct TensorEntry: Sendable, Equatable {
    package let name: String
    package let elementType: ElementType
    package let shape: [Int]
    /// Offsets from the start of the file.
    package let byteRange: Range<Int>

    /// The product of `shape`.
    package var count: Int { shape.reduce(1, *) }
}
