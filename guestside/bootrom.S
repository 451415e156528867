# bootrom.S - an option ROM that boots the builtin guest's own disk, whatever other disks the guest has.
#
# Xen's HVM guests load a kernel given with kernel= through the device model's fw_cfg port, a byte an I/O
# exit: 12 MB took more than a minute under emulation, against 2 s from a virtio disk read by DMA. SeaBIOS
# under Xen knows no boot index, though, and would try the disk under test first. So a PCI device carries
# this ROM. It registers a boot entry vector (BIOS Boot Specification 1.01, section 3.3), which boot="n" in
# the domain's configuration selects; the vector looks for the disk whose boot sector says SYSLINUX.

        .code16
        .globl  _start
_start:
        .byte   0x55, 0xaa, 1           # option ROM, one sector of 512 bytes
init:   movw    $0x20, %ax              # "this device can boot" (Plug and Play BIOS 1.0a, appendix B)
        lret
        .org    0x18
        .word   pcir, pnp

        .org    0x20
pnp:    .ascii  "$PnP"
        .byte   1, 2                    # revision 1, 32 bytes
        .word   0                       # no further header
        .byte   0, 0                    # reserved, checksum (SeaBIOS reads neither)
        .long   0
        .word   0, product
        .byte   0, 0, 2, 0x14           # network class: that is what a boot entry vector is for
        .word   0, 0, boot, 0, 0        # connection, disconnect, boot entry, reserved, static resources

        .org    0x48
pcir:   .ascii  "PCIR"
        .word   0x1b36, 0x0005          # the PCI device that carries it: pci-testdev
        .word   0, 24
        .byte   0, 0, 0, 2
        .word   1, 0
        .byte   0, 0x80                 # x86 code, last image
        .word   0

product:
        .asciz  "pvbench guest"

boot:   xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movw    $0x10, 0x600            # int 13h disk address packet: one sector, LBA 0, to 0:7c00
        movw    $1, 0x602
        movw    $0x7c00, 0x604
        movw    %ax, 0x606
        movw    %ax, 0x608
        movw    %ax, 0x60a
        movw    %ax, 0x60c
        movw    %ax, 0x60e
        movb    $0x80, %dl
try:    movw    $0x600, %si
        movb    $0x42, %ah
        pushw   %dx
        int     $0x13
        popw    %dx
        jc      skip
        cmpw    $0xaa55, 0x7dfe
        jne     skip
        cmpl    $0x4c535953, 0x7c03     # "SYSL"
        jne     skip
        ljmp    $0, $0x7c00
skip:   incb    %dl
        cmpb    $0x88, %dl
        jne     try
        int     $0x18

        .org    511
        .byte   0                       # made so that all 512 bytes add up to 0 by whoever assembles this
