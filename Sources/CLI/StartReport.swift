import Compute
import Engine
import GGUF
import Gemma
import Tokenizer

/// What `--verbose` says before the work begins.
struct StartReport {
    let text: String

    init(_ session: Session, settings: EngineSettings, name: String) {
        let model = session.model
        let c = model.config
        let budget = ThreadBudget.current()
        let quota = budget.quota.map { ", cgroup quota \($0.fixed(2)) CPUs" } ?? ", no cgroup quota"
        let (keys, values) = (settings.cacheElement, settings.valueElement ?? settings.cacheElement)
        let kvBytes = c.kvBytesPerToken(keys: keys, values: values)
        let kvType = keys == values ? keys.rawValue : "\(keys.rawValue) and \(values.rawValue)"
        text = """
            model: \(name) (\(model.name)), \(c.layers) layers, d \(c.width), ff \(c.feedForwardWidth), \
            \(c.heads) heads, \(c.kvHeads) KV heads of \(c.headDim), vocabulary \(model.tokenizer.vocabulary.count)
            file: \(formatBytes(model.file.bytes.count)), GGUF version \(model.file.version), \(model.file.tensors.count) tensors
            kernels: \(settings.kernels.instructionSet.rawValue); threads: \(settings.threads) decode, \
            \(settings.prefillThreads) prefill (\(budget.affinityCores) cores\(quota))
            context: \(session.context) tokens, KV \(kvType) \
            \(formatBytes(kvBytes)) per token, \(formatBytes(kvBytes * session.context)) when full
            \(session.gemma.plan)

            """
    }
}
