// The one function of CBLAS that is used here. Declared by ourselves: each library has its own header, Accelerate's deprecates
// this function for one of the same name, and all keep its interface, in which enumerations are passed as int.
extern void cblas_sgemm(
    int order, int transposes_a, int transposes_b, int m, int n, int k, float alpha, const float *a, int row_stride_a,
    const float *b, int row_stride_b, float beta, float *c, int row_stride_c);

/// Multiplies the rows of two matrices: `c[i][j]` = `scale` * `c[i][j]` + the sum of `a[i][k] * b[j][k]`.
static inline void pth2swt_multiply(
    int row_count, int column_count, int length, const float *a, int row_stride_a, const float *b, float scale, float *c,
    int row_stride_c) {
  enum { row_major = 101, as_it_is = 111, transposed = 112 };
  cblas_sgemm(
      row_major, as_it_is, transposed, row_count, column_count, length, 1, a, row_stride_a, b, length, scale, c,
      row_stride_c);
}
