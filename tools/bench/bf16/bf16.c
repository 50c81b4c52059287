// What bfloat16 gains over float32 on one core of an x86 processor, before any engine uses it:
// the rates of the instructions that multiply, of a product's inner tile from the first level
// cache, of a pass over memory, and of the matrix unit AMX where there is one.
//
//     gcc -O3 -march=sapphirerapids -static -o bf16 tools/bench/bf16/bf16.c && taskset -c 0 ./bf16
//
// It needs AVX512-BF16; without AMX the last line says 0. A multiply-accumulate counts as two
// operations in both types.
#define _GNU_SOURCE
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

// Independent sums, enough to hide the latency of both instructions.
#define SUMS 24

static float total(__m512 *sums) {
    __m512 s = sums[0];
    for (int i = 1; i < SUMS; i++) s = _mm512_add_ps(s, sums[i]);
    return _mm512_reduce_add_ps(s);
}

static float __attribute__((noinline)) fma_rate(long n) {
    __m512 a[SUMS], x = _mm512_set1_ps(.999f), y = _mm512_set1_ps(1e-3f);
    for (int i = 0; i < SUMS; i++) a[i] = _mm512_set1_ps(i);
    for (long k = 0; k < n; k++) {
        _Pragma("GCC unroll 24") for (int i = 0; i < SUMS; i++) a[i] = _mm512_fmadd_ps(x, y, a[i]);
        __asm__ volatile("" ::"v"(a[0]));
    }
    return total(a);
}

static float __attribute__((noinline)) dot_rate(long n) {
    __m512 a[SUMS];
    __m512bh x = (__m512bh)_mm512_set1_epi32(0x3f803f80), y = (__m512bh)_mm512_set1_epi32(0x3a803a80);
    for (int i = 0; i < SUMS; i++) a[i] = _mm512_set1_ps(i);
    for (long k = 0; k < n; k++) {
        _Pragma("GCC unroll 24") for (int i = 0; i < SUMS; i++) a[i] = _mm512_dpbf16_ps(a[i], x, y);
        __asm__ volatile("" ::"v"(a[0]));
    }
    return total(a);
}

// A tile of a product, as an engine has it: 8 rows by 48 columns of sums in registers, the left
// side packed by 8 and broadcast, the right side packed by 48.
static void __attribute__((noinline)) tile_f32(const float *left, const float *right, float *out, int depth) {
    __m512 c[8][3];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++) c[i][j] = _mm512_setzero_ps();
    for (int k = 0; k < depth; k++) {
        __m512 b0 = _mm512_loadu_ps(right + 48 * k), b1 = _mm512_loadu_ps(right + 48 * k + 16),
               b2 = _mm512_loadu_ps(right + 48 * k + 32);
        _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) {
            __m512 a = _mm512_set1_ps(left[8 * k + i]);
            c[i][0] = _mm512_fmadd_ps(a, b0, c[i][0]);
            c[i][1] = _mm512_fmadd_ps(a, b1, c[i][1]);
            c[i][2] = _mm512_fmadd_ps(a, b2, c[i][2]);
        }
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++) _mm512_storeu_ps(out + 48 * i + 16 * j, c[i][j]);
}

// The same with pairs of bfloat16, two steps of the depth in each 32 bits.
static void __attribute__((noinline)) tile_bf16(const uint32_t *left, const uint32_t *right, float *out, int pairs) {
    __m512 c[8][3];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++) c[i][j] = _mm512_setzero_ps();
    for (int k = 0; k < pairs; k++) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(right + 48 * k), b1 = (__m512bh)_mm512_loadu_si512(right + 48 * k + 16),
                 b2 = (__m512bh)_mm512_loadu_si512(right + 48 * k + 32);
        _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) {
            __m512bh a = (__m512bh)_mm512_set1_epi32(left[8 * k + i]);
            c[i][0] = _mm512_dpbf16_ps(c[i][0], a, b0);
            c[i][1] = _mm512_dpbf16_ps(c[i][1], a, b1);
            c[i][2] = _mm512_dpbf16_ps(c[i][2], a, b2);
        }
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++) _mm512_storeu_ps(out + 48 * i + 16 * j, c[i][j]);
}

static inline __m512 h_swish(__m512 t) {
    __m512 gate = _mm512_add_ps(t, _mm512_set1_ps(3));
    gate = _mm512_min_ps(_mm512_max_ps(gate, _mm512_setzero_ps()), _mm512_set1_ps(6));
    return _mm512_mul_ps(_mm512_mul_ps(t, gate), _mm512_set1_ps(1.f / 6));
}

static inline __m512 widen(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p)), 16));
}

// A pass over memory, as between a product and a convolution: normalise and activate.
static void __attribute__((noinline)) pass_f32(const float *x, float *y, long n) {
    __m512 s = _mm512_set1_ps(1.1f), h = _mm512_set1_ps(.1f);
    for (long i = 0; i < n; i += 16)
        _mm512_storeu_ps(y + i, h_swish(_mm512_fmadd_ps(_mm512_loadu_ps(x + i), s, h)));
}

static void __attribute__((noinline)) pass_bf16(const uint16_t *x, uint16_t *y, long n) {
    __m512 s = _mm512_set1_ps(1.1f), h = _mm512_set1_ps(.1f);
    for (long i = 0; i < n; i += 32) {
        __m512 a = h_swish(_mm512_fmadd_ps(widen(x + i), s, h)), b = h_swish(_mm512_fmadd_ps(widen(x + i + 16), s, h));
        _mm512_storeu_si512(y + i, (__m512i)_mm512_cvtne2ps_pbh(b, a));
    }
}

struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

// The matrix unit's rate with four tiles of sums, in GFLOP/s; 0 if there is none.
static double amx_rate(long n) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)) return 0;
    struct tile_config c;
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int i = 0; i < 8; i++) c.row_bytes[i] = 64, c.rows[i] = 16;
    _tile_loadconfig(&c);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    double t = now();
    for (long k = 0; k < n; k++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    t = now() - t;
    _tile_release();
    return 4. * n * 16 * 16 * 32 * 2 / t / 1e9;
}

int main(void) {
    volatile float sink = 0;
    double t;
    for (int round = 0; round < 3; round++) {
        long n = 20000000;
        t = now(), sink += fma_rate(n), t = now() - t;
        printf("float32 multiply-add: %.1f GFLOP/s\n", n * SUMS * 32. / t / 1e9);
        t = now(), sink += dot_rate(n), t = now() - t;
        printf("bfloat16 dot product of pairs: %.1f GFLOP/s\n", n * SUMS * 64. / t / 1e9);
    }
    const int depths[] = {16, 96, 240, 480, 960};
    for (int q = 0; q < 5; q++) {
        int k = depths[q];
        float *left = aligned_alloc(64, k * 8 * 4), *right = aligned_alloc(64, k * 48 * 4), out[8 * 48];
        for (int i = 0; i < k * 8; i++) left[i] = .01f * i;
        for (int i = 0; i < k * 48; i++) right[i] = .01f * i;
        long n = 400000000L / (k * 384);
        double f32 = 1e9, bf16 = 1e9;
        for (int round = 0; round < 5; round++) {
            t = now();
            for (long i = 0; i < n; i++) tile_f32(left, right, out, k);
            if ((t = now() - t) < f32) f32 = t;
            t = now();
            for (long i = 0; i < n; i++) tile_bf16((void *)left, (void *)right, out, k / 2);
            if ((t = now() - t) < bf16) bf16 = t;
        }
        printf("tile 8x48, depth %d: float32 %.1f, bfloat16 %.1f GFLOP/s\n", k, n * k * 768. / f32 / 1e9, n * k * 768. / bf16 / 1e9);
        free(left), free(right);
    }
    const long sizes[] = {1 << 12, 1 << 16, 1 << 20, 1 << 26};
    for (int q = 0; q < 4; q++) {
        long n = sizes[q], times = (1L << 27) / n;
        float *x = aligned_alloc(64, n * 4), *y = aligned_alloc(64, n * 4);
        memset(x, 0, n * 4), memset(y, 0, n * 4);
        double f32 = 1e9, bf16 = 1e9;
        for (int round = 0; round < 4; round++) {
            t = now();
            for (long i = 0; i < times; i++) pass_f32(x, y, n);
            if ((t = now() - t) < f32) f32 = t;
            t = now();
            for (long i = 0; i < times; i++) pass_bf16((void *)x, (void *)y, n);
            if ((t = now() - t) < bf16) bf16 = t;
        }
        printf("pass over %ld values: float32 %.2f, bfloat16 %.2f values a ns\n", n, times * n / f32 / 1e9, times * n / bf16 / 1e9);
        free(x), free(y);
    }
    fflush(stdout);
    printf("AMX: %.0f GFLOP/s\n", amx_rate(20000000));
    return 0;
}
