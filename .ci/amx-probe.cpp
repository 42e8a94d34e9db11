// Does this compiler get AMX tile configuration right? GCC 12 and some others tell the optimiser that ldtilecfg reads
// 8 bytes of its 64, so the rest may be left unwritten and llama.cpp crashes at its first matrix product.
#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__AMX_INT8__)
#include <immintrin.h>
struct tile_config_t {
    uint8_t palette_id = 0;
    uint8_t start_row = 0;
    uint8_t reserved_0[14] = {0};
    uint16_t colsb[16] = {0};
    uint8_t rows[16] = {0};
};
static inline void configure() {
    static thread_local bool done = false;
    if (done) return;
    alignas(64) tile_config_t tc = {};
    tc.palette_id = 1;
    tc.rows[0] = 8;  tc.colsb[0] = 64;
    tc.rows[1] = 8;  tc.colsb[1] = 64;
    tc.rows[2] = 16; tc.colsb[2] = 32;
    tc.rows[3] = 16; tc.colsb[3] = 32;
    tc.rows[4] = 16; tc.colsb[4] = 64;
    _tile_loadconfig(&tc);
    done = true;
}
__attribute__((noinline)) static void dirty() {
    volatile uint8_t rubbish[4096];
    for (int i = 0; i < 4096; ++i) rubbish[i] = 0xA5;
}
int main() {
    if (syscall(SYS_arch_prctl, 0x1023, 18)) return 0;  // the system grants no AMX: llama.cpp will not use it
    dirty();
    configure();  // faults when the configuration is rubbish
    alignas(64) volatile uint8_t seen[64] = {0};
    __asm__ volatile("sttilecfg %0" : "=m"(seen));
    _tile_release();
    return seen[48] == 8 && seen[52] == 16 && seen[16] == 64 ? 0 : 1;
}
#else
int main() { return 0; }
#endif
