// Whoever opens checkpoints handles state dicts and tensors: one import gives both.
@_exported public import StateDicts
