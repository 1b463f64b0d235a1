extension TorchValues {
  /// Words in keys of values that only training needs.
  static let trainingWords: Set<String> = [
    "optimizer", "optimizers", "optim", "scheduler", "schedulers", "scaler", "scalers", "callback", "callbacks", "loop",
    "loops", "rng", "rngs",
  ]

  /// Whether a key names the state of training (`optimizer_states`, `lr_schedulers`, `cuda_rng_state`), or a value is
  /// an optimizer's state under another key.
  func isTrainingState(_ key: String, _ id: Pickle.ID) -> Bool {
    if Self.words(of: key).contains(where: Self.trainingWords.contains) { return true }
    return value("param_groups", in: id) != nil && value("state", in: id) != nil
  }

  /// The words of `lr_scheduler`, `optimizerG` or `rng-state2`, in lower case.
  static func words(of key: String) -> [String] {
    var words = [""]
    var wasLowercase = false
    for character in key.utf8.prefix(200) {
      let isUppercase = (0x41...0x5A).contains(character)
      let isLetter = isUppercase || (0x61...0x7A).contains(character)
      if !isLetter || (isUppercase && wasLowercase) { words.append("") }
      if isLetter { words[words.count - 1].unicodeScalars.append(Unicode.Scalar(character | 0x20)) }
      wasLowercase = isLetter && !isUppercase
    }
    return words
  }
}
