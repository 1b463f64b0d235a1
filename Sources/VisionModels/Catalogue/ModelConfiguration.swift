public import ModelParameters

/// The configuration of a kind of model in the catalogue.
///
/// The catalogue, matching and inference work with any kind of model through this protocol.
public protocol ModelConfiguration: Hashable, Sendable {
  /// The model that it configures.
  associatedtype Model: LoadableModel where Model.Configuration == Self

  /// The name of the weight whose rows are the classes; nil for a model that has none, such as a backbone.
  static var classifierName: String? { get }
  /// The path of the ResNet whose stages can be frozen by their number; nil where there is none.
  static var resNetPath: String? { get }
  /// The number of those stages that train by default, counted from the last.
  static var usualTrainableLayers: Int { get }

  /// The number of classes, including the background for a detector; nil for a model without classes.
  ///
  /// Setting it has no effect on a model without classes.
  var numClasses: Int? { get set }
  /// The normalization.
  var normLayer: NormLayer { get set }
}

extension ModelConfiguration {
  /// The type of the model.
  public static var modelType: any LoadableModel.Type { Model.self }

  /// The model's parameters, all of which train.
  public var registry: ParameterRegistry { ParameterRegistry(of: Model.self, self) }

  /// Loads the model.
  ///
  /// - Throws: As `LoadableModel.init(_:loading:)`.
  public func model(loading match: Match) throws -> Model { try Model(self, loading: match) }
}

extension ResNet.Configuration: ModelConfiguration {
  /// The model that it configures.
  public typealias Model = ResNet
  /// The name of the weight whose rows are the classes.
  public static var classifierName: String? { "fc.weight" }
  /// The path of the ResNet whose stages can be frozen.
  public static var resNetPath: String? { "" }
  /// The number of its stages that train by default.
  public static var usualTrainableLayers: Int { 5 }
  /// The number of classes.
  public var numClasses: Int? {
    get { classCount }
    set { if classCount != nil, let newValue { classCount = newValue } }
  }
}

extension MobileNetV2.Configuration: ModelConfiguration {
  /// The model that it configures.
  public typealias Model = MobileNetV2
  /// The name of the weight whose rows are the classes.
  public static var classifierName: String? { "classifier.1.weight" }
  /// The path of the ResNet whose stages can be frozen.
  public static var resNetPath: String? { nil }
  /// The number of its stages that train by default.
  public static var usualTrainableLayers: Int { 0 }
  /// The number of classes.
  public var numClasses: Int? {
    get { classCount }
    set { if let newValue { classCount = newValue } }
  }
}

extension BackboneWithFPN.Configuration: ModelConfiguration {
  /// The model that it configures.
  public typealias Model = BackboneWithFPN
  /// The name of the weight whose rows are the classes.
  public static var classifierName: String? { nil }
  /// The path of the ResNet whose stages can be frozen.
  public static var resNetPath: String? { "body" }
  /// The number of its stages that train by default.
  public static var usualTrainableLayers: Int { 3 }
  /// The number of classes.
  public var numClasses: Int? {
    get { nil }
    set {}
  }
  /// The normalization.
  public var normLayer: NormLayer {
    get { body.normLayer }
    set { body.normLayer = newValue }
  }
}

extension FasterRCNN.Configuration: ModelConfiguration {
  /// The model that it configures.
  public typealias Model = FasterRCNN
  /// The name of the weight whose rows are the classes.
  public static var classifierName: String? { "roi_heads.box_predictor.cls_score.weight" }
  /// The path of the ResNet whose stages can be frozen.
  public static var resNetPath: String? { "backbone.body" }
  /// The number of its stages that train by default.
  public static var usualTrainableLayers: Int { 3 }
  /// The number of classes.
  public var numClasses: Int? {
    get { classCount }
    set { if let newValue { classCount = newValue } }
  }
  /// The normalization.
  public var normLayer: NormLayer {
    get { backbone.normLayer }
    set { backbone.normLayer = newValue }
  }
}
