// Whoever runs models declares and matches them first: one import gives both.
@_exported public import VisionModels
