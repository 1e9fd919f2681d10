internal import CKernels

extension Executor {
    /// gate = gelu(gate) * up with the tanh form of GELU: the gated unit of Gemma's feed-forward layers.
    public func geGLU(gate: Matrix, up: Matrix, rows: Int) {
        precondition(gate.columns == up.columns, "geGLU: columns differ")
        precondition(rows <= gate.rowCapacity && rows <= up.rowCapacity, "geGLU of \(rows) rows")
        // one position is still 16,384 exponentials: worth sharing
        let parts = rows == 1 && gate.columns >= 4096 ? threads : 1
        gating.call = GatingWork.Call(gate: gate, up: up, parts: parts, geglu: kernels.table.pointee.geglu)
        team.run(gating, chunks: rows * parts, threads: threads)
        gating.call = nil
    }
}

/// The rows, or the parts of one row, of a gated unit.
final class GatingWork: SharedWork {
    struct Call {
        let gate: Matrix
        let up: Matrix
        /// Parts of each row.
        let parts: Int
        let geglu: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
    }

    var call: Call?

    override func run(chunk: Int, worker: Int) {
        guard let call else { return }
        let columns = call.gate.columns
        let width = ((columns + call.parts - 1) / call.parts + 31) / 32 * 32
        let first = chunk % call.parts * width
        let count = min(width, columns - first)
        guard count > 0 else { return }
        let target = call.gate.row(chunk / call.parts) + first
        call.geglu(target, call.up.row(chunk / call.parts) + first, count, target)
    }
}
