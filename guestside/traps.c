/* pvb-traps - times the primitive operations that emulated and paravirtual I/O are made of.
 *
 * CHANGES       nothing: reads a port and a page of QEMU's inert pci-testdev, reads the interrupt controller's mask,
 *               makes a hypercall that Xen refuses a user program, signals an event channel to this guest itself
 * REQUIREMENTS  root in a guest on x86-64; xen-evtchn loaded for the event channel. In a PV guest a user program can
 *               make no hypercall and reads no port: there it is the event channel alone
 * OVERHEAD      a tenth of a second of one vCPU for each operation
 * UNDONE        nothing to undo
 *
 * Answer: a line an operation and round, `NAME;NS:COUNT NS:COUNT …`, the histogram of single operations less what
 * reading the clock takes (its median in that round); an operation that this guest does not have is left out. Bins are
 * within 0.8 % of their samples. The rounds are short and go over all operations in turn, so that what else runs on the
 * host for a moment makes some rounds dear, of every operation alike, and not one operation.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000
#define ROUNDS 4
#define BUDGET_NS 25000000ull
#define SELF 0x7ff0 /* DOMID_SELF, xen/include/public/xen.h */

static uint64_t samples[MOST];
static uint64_t clock_ns;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The middle of the bin that holds a value: seven significant bits, as fio's histograms have. */
static uint64_t bin(uint64_t ns)
{
    int shift = ns < 128 ? 0 : 57 - __builtin_clzll(ns);
    return ((ns >> shift) << shift) + ((1ull << shift) >> 1);
}

static size_t take(int (*operation)(void))
{
    size_t n = 0;
    uint64_t begun = now(), before, after = begun;
    while (n < MOST && after - begun < BUDGET_NS) {
        before = now();
        if (operation() < 0)
            return 0;
        after = now();
        samples[n++] = after - before > clock_ns ? after - before - clock_ns : 0;
    }
    qsort(samples, n, sizeof *samples, ascending);
    return n;
}

static void tell(const char *name, int (*operation)(void))
{
    size_t n = take(operation), from = 0;
    if (n == 0)
        return;
    printf("%s;", name);
    for (size_t i = 1; i <= n; i++)
        if (i == n || bin(samples[i]) != bin(samples[from])) {
            printf("%s%llu:%zu", from ? " " : "", (unsigned long long)bin(samples[from]), i - from);
            from = i;
        }
    printf("\n");
}

static int nothing(void) { return 0; }

static int mask_port(void) { return inb(0x21); } /* the 8259's mask: Xen itself emulates the chip (hvm/vpic.c) */

static uint16_t device_base;
static int device_port(void) { return inb(device_base); }

static volatile uint8_t *device_page;
static int device_memory(void) { return *device_page; }

/* Xen refuses hypercalls of user programs with -EPERM: in and out, and nothing between (hvm/hypercall.c). */
static int is_intel;
static int hypercall(void)
{
    uint64_t rax = 17; /* __HYPERVISOR_xen_version */
    if (is_intel)
        asm volatile("vmcall" : "+a"(rax) : : "memory", "rdi", "rsi");
    else
        asm volatile("vmmcall" : "+a"(rax) : : "memory", "rdi", "rsi");
    return 0;
}

static int evtchn = -1;
static uint32_t near_port, far_port;
static int notification(void)
{
    uint32_t port = near_port;
    if (ioctl(evtchn, _IOC(_IOC_NONE, 'E', 4, sizeof port), &port) < 0 || read(evtchn, &port, sizeof port) < 0)
        return -1;
    return write(evtchn, &port, sizeof port) < 0 ? -1 : 0; /* unmasks it for the next time */
}

/* Opens an event channel from this domain to itself (linux/include/uapi/xen/evtchn.h). */
static int open_channel(void)
{
    uint32_t unbound = SELF, both[2] = {SELF, 0};
    if ((evtchn = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC)) < 0)
        return -1;
    int port = ioctl(evtchn, _IOC(_IOC_NONE, 'E', 2, sizeof unbound), &unbound);
    if (port < 0)
        return -1;
    far_port = both[1] = port;
    port = ioctl(evtchn, _IOC(_IOC_NONE, 'E', 1, sizeof both), both);
    near_port = port;
    return port < 0 ? -1 : 0;
}

static int reads(const char *folder, const char *name, char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? 0 : -1;
}

/* Finds QEMU's pci-testdev (1b36:0005), whose registers do nothing, and maps its memory and its ports. */
static void find_device(void)
{
    glob_t found;
    char text[2048];
    if (glob("/sys/bus/pci/devices/*", 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *folder = found.gl_pathv[i];
        if (reads(folder, "vendor", text, sizeof text) || strtol(text, NULL, 16) != 0x1b36 ||
            reads(folder, "device", text, sizeof text) || strtol(text, NULL, 16) != 0x0005 ||
            reads(folder, "resource", text, sizeof text))
            continue;
        char *line = strchr(text, '\n'); /* a line a BAR: start, end, flags; BAR 1 has the ports */
        device_base = line ? strtoull(line + 1, NULL, 16) : 0;
        char path[512];
        snprintf(path, sizeof path, "%s/resource0", folder);
        int file = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
        if (file >= 0) {
            void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
            device_page = page == MAP_FAILED ? NULL : page;
            close(file);
        }
    }
    globfree(&found);
}

int main(void)
{
    unsigned a, b, c, d;
    __cpuid(0, a, b, c, d);
    is_intel = b == signature_INTEL_ebx;
    char type[16];
    int is_pv = reads("/sys/hypervisor", "guest_type", type, sizeof type) == 0 && strcmp(type, "PV\n") == 0;
    if (!is_pv && iopl(3)) {
        fprintf(stderr, "pvb-traps: iopl: %s\n", strerror(errno));
        return 1;
    }
    find_device();
    int channel = open_channel() == 0;
    for (int round = 0; round < ROUNDS; round++) {
        clock_ns = 0;
        size_t n = take(nothing);
        clock_ns = samples[n / 2];
        if (!is_pv)
            tell("port read, hypervisor", mask_port);
        if (device_base)
            tell("port read, device model", device_port);
        if (device_page)
            tell("memory read, device model", device_memory);
        if (!is_pv)
            tell("empty hypercall", hypercall);
        if (channel)
            tell("event to self", notification);
    }
    return 0;
}
