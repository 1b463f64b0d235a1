#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

// oneDNN 2 and 3 from one source: Swift calls version 3's interface with both, since its `#if` does not see C macros.
// For version 2, this header has what is used of version 3's functions, under their names. Where both versions have a
// function of that name with other parameters, it has a name of ours.

/// The parts of a layout's description.
typedef enum {
  pth2swt_sizes,
  pth2swt_strides,
  pth2swt_block_sizes,
  pth2swt_block_axes
} pth2swt_layout_part_t;

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t pth2swt_layout_t;

/// Whether this version has kernels by Winograd's algorithm for x86.
static inline int pth2swt_has_winograd(void) { return 0; }

/// Writes one part of a layout's description, at most DNNL_MAX_NDIMS numbers, and returns how many they are.
static inline int pth2swt_layout_numbers(
    pth2swt_layout_t layout, pth2swt_layout_part_t part, dnnl_dim_t *numbers) {
  static const dnnl_query_t queries[] = {
      dnnl_query_dims, dnnl_query_strides, dnnl_query_inner_blks, dnnl_query_inner_idxs};
  int is_of_blocks = part == pth2swt_block_sizes || part == pth2swt_block_axes;
  dnnl_format_kind_t kind = dnnl_format_kind_undef;
  const dnnl_dims_t *found = NULL;
  int count = 0;
  dnnl_memory_desc_query(layout, dnnl_query_format_kind, &kind);
  if (part != pth2swt_sizes && kind != dnnl_blocked) return 0;
  dnnl_memory_desc_query(layout, is_of_blocks ? dnnl_query_inner_nblks_s32 : dnnl_query_ndims_s32, &count);
  if (dnnl_memory_desc_query(layout, queries[part], (void *)&found) != dnnl_success || !found) return 0;
  for (int index = 0; index < count; index++) numbers[index] = (*found)[index];
  return count;
}

/// Makes a layout of the same bytes with the dimensions in another order.
static inline dnnl_status_t pth2swt_permute_axes(
    pth2swt_layout_t *made, pth2swt_layout_t layout, const int *places) {
  return dnnl_memory_desc_permute_axes(made, layout, places);
}

/// Makes a layout of the same bytes with other dimensions.
static inline dnnl_status_t pth2swt_reshape(
    pth2swt_layout_t *made, pth2swt_layout_t layout, int count, const dnnl_dim_t *sizes) {
  return dnnl_memory_desc_reshape(made, layout, count, sizes);
}

/// Adds what the destination holds to a step's result.
static inline dnnl_status_t pth2swt_append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}

/// Applies a function to each number of a step's result.
static inline dnnl_status_t pth2swt_append_eltwise(
    dnnl_post_ops_t operations, dnnl_alg_kind_t function, float alpha, float beta) {
  return dnnl_post_ops_append_eltwise(operations, function, alpha, beta);
}

#else

typedef dnnl_memory_desc_t *pth2swt_layout_t;

static inline int pth2swt_has_winograd(void) { return 1; }

static inline int pth2swt_layout_numbers(
    pth2swt_layout_t layout, pth2swt_layout_part_t part, dnnl_dim_t *numbers) {
  const dnnl_blocking_desc_t *blocking = &layout->format_desc.blocking;
  const dnnl_dim_t *parts[] = {layout->dims, blocking->strides, blocking->inner_blks, blocking->inner_idxs};
  int is_of_blocks = part == pth2swt_block_sizes || part == pth2swt_block_axes;
  if (part != pth2swt_sizes && layout->format_kind != dnnl_blocked) return 0;
  int count = is_of_blocks ? blocking->inner_nblks : layout->ndims;
  for (int index = 0; index < count; index++) numbers[index] = parts[part][index];
  return count;
}

// Version 2 hands out layouts as values, of which version 3's functions give pointers.

static inline dnnl_status_t dnnl_memory_desc_clone(pth2swt_layout_t *made, const dnnl_memory_desc_t *layout) {
  *made = malloc(sizeof **made);
  if (!*made) return dnnl_out_of_memory;
  **made = *layout;
  return dnnl_success;
}

static inline dnnl_status_t dnnl_memory_desc_destroy(pth2swt_layout_t layout) {
  free(layout);
  return dnnl_success;
}

static inline dnnl_status_t dnnl_memory_desc_create_with_tag(
    pth2swt_layout_t *made, int count, const dnnl_dim_t *sizes, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(&value, count, sizes, type, tag);
  return status ? status : dnnl_memory_desc_clone(made, &value);
}

static inline dnnl_status_t dnnl_memory_desc_create_submemory(
    pth2swt_layout_t *made, pth2swt_layout_t layout, const dnnl_dim_t *sizes, const dnnl_dim_t *offsets) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_init_submemory(&value, layout, sizes, offsets);
  return status ? status : dnnl_memory_desc_clone(made, &value);
}

static inline dnnl_status_t pth2swt_permute_axes(
    pth2swt_layout_t *made, pth2swt_layout_t layout, const int *places) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_permute_axes(&value, layout, places);
  return status ? status : dnnl_memory_desc_clone(made, &value);
}

static inline dnnl_status_t pth2swt_reshape(
    pth2swt_layout_t *made, pth2swt_layout_t layout, int count, const dnnl_dim_t *sizes) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_reshape(&value, layout, count, sizes);
  return status ? status : dnnl_memory_desc_clone(made, &value);
}

static inline dnnl_status_t pth2swt_append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1);
}

static inline dnnl_status_t pth2swt_append_eltwise(
    dnnl_post_ops_t operations, dnnl_alg_kind_t function, float alpha, float beta) {
  return dnnl_post_ops_append_eltwise(operations, 1, function, alpha, beta);
}

// Version 2 describes an operation first, and makes a primitive descriptor of that.

static inline dnnl_status_t dnnl_convolution_forward_primitive_desc_create(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, dnnl_prop_kind_t purpose, dnnl_alg_kind_t algorithm,
    pth2swt_layout_t source, pth2swt_layout_t weights, pth2swt_layout_t bias, pth2swt_layout_t destination,
    const dnnl_dim_t *strides, const dnnl_dim_t *dilation, const dnnl_dim_t *padding_before,
    const dnnl_dim_t *padding_after, const_dnnl_primitive_attr_t attributes) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &operation, purpose, algorithm, source, weights, bias, destination, strides, dilation, padding_before,
      padding_after);
  return status ? status : dnnl_primitive_desc_create(made, &operation, attributes, engine, NULL);
}

static inline dnnl_status_t dnnl_pooling_forward_primitive_desc_create(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, dnnl_prop_kind_t purpose, dnnl_alg_kind_t algorithm,
    pth2swt_layout_t source, pth2swt_layout_t destination, const dnnl_dim_t *strides, const dnnl_dim_t *kernel,
    const dnnl_dim_t *dilation, const dnnl_dim_t *padding_before, const dnnl_dim_t *padding_after,
    const_dnnl_primitive_attr_t attributes) {
  dnnl_pooling_v2_desc_t operation;
  dnnl_status_t status = dnnl_pooling_v2_forward_desc_init(
      &operation, purpose, algorithm, source, destination, strides, kernel, dilation, padding_before, padding_after);
  return status ? status : dnnl_primitive_desc_create(made, &operation, attributes, engine, NULL);
}

#endif
