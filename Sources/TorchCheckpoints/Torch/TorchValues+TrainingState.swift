extension TorchValues {
  /// Words in keys of values that only training needs.
  static let trainingWords: Set<String> = [
    "optimizer", "optimizers", "optim", "scheduler", "schedulers", "scaler", "scalers", "callback", "callbacks", "loop",
    "loops", "rng", "rngs",
  ]

  /// Whether an entry's key names the state of training (`optimizer_states`, `lr_schedulers`, `cuda_rng_state`), or its
  /// value is an optimizer's state under another key.
  func isTrainingState(_ entry: Entry) -> Bool {
    isTrainingState(pickle.head(ofText: entry.key, count: Self.keyLength), entry.value)
  }

  /// As above, by the text of a key.
  func isTrainingState(_ key: String, _ id: Pickle.ID) -> Bool {
    if Self.words(of: key).contains(where: Self.trainingWords.contains) { return true }
    // An optimizer's state has a few entries. A large mapping is not searched, since any number of keys may hold it.
    guard !isLarge(id) else { return false }
    return value("param_groups", in: id) != nil && value("state", in: id) != nil
  }

  private func isLarge(_ id: Pickle.ID) -> Bool {
    let pairs = pickle.object(at: id).flatMap { arguments($0).first }.flatMap { pickle.sequence(at: $0) }
    return (pickle.flatEntries(at: id)?.count ?? 0) > 2 * Self.entryLimit || (pairs?.count ?? 0) > Self.entryLimit
  }

  private static let entryLimit = 32
  /// How much of a key is looked at.
  private static let keyLength = 200

  /// The words of `lr_scheduler`, `optimizerG` or `rng-state2`, in lower case.
  static func words(of key: String) -> [String] {
    var words = [""]
    var wasLowercase = false
    for character in key.utf8.prefix(keyLength) {
      let isUppercase = (0x41...0x5A).contains(character)
      let isLetter = isUppercase || (0x61...0x7A).contains(character)
      if !isLetter || (isUppercase && wasLowercase) { words.append("") }
      if isLetter { words[words.count - 1].unicodeScalars.append(Unicode.Scalar(character | 0x20)) }
      wasLowercase = isLetter && !isUppercase
    }
    return words
  }
}
