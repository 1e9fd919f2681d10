import ArgumentParser
import Engine
import Tokenizer

/// How tokens are chosen: the spellings and defaults that llama.cpp's users know.
struct SamplingFlags: ParsableArguments {
    @Option(name: .customLong("temp"), help: "Temperature; 0 takes the most probable token.")
    var temperature: Float = 0.8
    @Option(help: "Keep the k most probable tokens; 0 keeps all.")
    var topK = 40
    @Option(help: "Keep the smallest set with this probability; 1 keeps all.")
    var topP: Float = 0.95
    @Option(help: "Drop tokens below this part of the most probable one; 0 keeps all.")
    var minP: Float = 0.05
    @Option(name: [.customLong("typical"), .customLong("typical-p")], help: "Locally typical sampling; 1 is off.")
    var typical: Float = 1
    @Option(help: "Divide the logits of recent tokens by this; 1 is off.")
    var repeatPenalty: Float = 1
    @Option(help: "Subtract this from the logits of recent tokens.")
    var presencePenalty: Float = 0
    @Option(help: "Subtract this from the logits of recent tokens, for each time.")
    var frequencyPenalty: Float = 0
    @Option(help: "Tokens that the penalties look back at; -1 is all.")
    var repeatLastN = 64
    @Option(name: [.short, .long], help: "Seed of the random choice; -1 takes a new one each time.")
    var seed: Int64 = -1
    @Option(
        name: [.customShort("l"), .long], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add to the logit of a token: 15043+1, 2-inf. May be repeated.", valueName: "id(+/-)bias"))
    var logitBias: [LogitBias] = []

    var options: SamplingOptions {
        var o = SamplingOptions()
        o.temperature = temperature
        o.topK = topK
        o.topP = topP
        o.minP = minP
        o.typicalP = typical
        o.repeatPenalty = repeatPenalty
        o.presencePenalty = presencePenalty
        o.frequencyPenalty = frequencyPenalty
        o.repeatLastN = repeatLastN
        o.seed = seed < 0 ? nil : UInt64(seed)
        for entry in logitBias { o.logitBias[entry.token] = entry.bias }
        return o
    }
}

/// "15043+1.5" or "15043-inf".
struct LogitBias: ExpressibleByArgument {
    let token: TokenID
    let bias: Float

    init?(argument: String) {
        guard let sign = argument.firstIndex(where: { $0 == "+" || $0 == "-" }),
            let token = TokenID(argument[..<sign]), let bias = Float(argument[sign...]), !bias.isNaN
        else { return nil }
        self.token = token
        self.bias = bias
    }
}
