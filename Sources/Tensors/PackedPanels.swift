import CKernels

/// A small matrix [outputSize, inputSize] that changes, packed anew for each use into memory that is taken once.
package struct PackedPanels {
    package let outputSize: Int
    package let inputSize: Int
    let memory: MatrixView

    /// Floats for a matrix of this size.
    package static func footprint(outputSize: Int, inputSize: Int, kernels: VectorKernels) -> Int {
        (outputSize + kernels.panelWidth - 1) / kernels.panelWidth * kernels.panelWidth * inputSize
    }

    fileprivate init(outputSize: Int, inputSize: Int, memory: MatrixView, kernels: VectorKernels) {
        let size = Self.footprint(outputSize: outputSize, inputSize: inputSize, kernels: kernels)
        precondition(memory.stride == memory.columns && memory.rows * memory.columns >= size, "too little memory")
        (self.outputSize, self.inputSize, self.memory) = (outputSize, inputSize, memory)
    }
}

/// A product that is added to another as its sums go on: x · weightᵀ.
package struct ProductPart {
    /// [rows, inputSize].
    let x: MatrixView
    let weight: PackedPanels

    package init(x: MatrixView, weight: PackedPanels) {
        precondition(x.columns == weight.inputSize, "shapes do not match")
        (self.x, self.weight) = (x, weight)
    }
}

extension VectorKernels {
    /// Packs `weight`, which has no gaps, into `memory`.
    ///
    /// It is [outputSize, inputSize], or [inputSize, outputSize] for its transpose.
    package func pack(_ weight: ConstantMatrix, transposed: Bool = false, into memory: MatrixView) -> PackedPanels {
        precondition(weight.stride == weight.columns, "a matrix without gaps")
        let panels = PackedPanels(
            outputSize: transposed ? weight.columns : weight.rows,
            inputSize: transposed ? weight.rows : weight.columns, memory: memory, kernels: self)
        if transposed {
            unsafe table.pointee.pack_transposed(weight.base, weight.rows, weight.columns, memory.base)
        } else {
            unsafe table.pointee.pack(weight.base, weight.rows, weight.columns, memory.base)
        }
        return panels
    }

    /// Writes x · weightᵀ into `y`; `x` is [rows, inputSize], `y` [rows, outputSize].
    package func multiply(_ x: ConstantMatrix, _ weight: PackedPanels, into y: MatrixView) {
        precondition(x.columns == weight.inputSize && y.columns == weight.outputSize && x.rows == y.rows)
        unsafe table.pointee.matmul(
            x.base, x.stride, x.rows, x.columns, weight.memory.base, weight.outputSize, nil, ck_activation_none, y.base,
            y.stride)
    }

    /// Adds xᵀ · w to `y`: `x` is [rows, few], `w` [rows, columns] and `y` [few, columns].
    package func multiplyAcross(_ x: ConstantMatrix, _ w: ConstantMatrix, addingTo y: MatrixView) {
        precondition(x.rows == w.rows && y.rows == x.columns && y.columns == w.columns, "shapes do not match")
        unsafe table.pointee.matmul_across(
            x.base, x.stride, x.rows, x.columns, w.base, w.stride, w.columns, y.base, y.stride)
    }
}
