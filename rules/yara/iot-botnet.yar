// SPDX-License-Identifier: Apache-2.0
/*
 * Programs of IoT botnets, by what they must contain to do their work: the test for busybox, tables of factory
 * passwords, the fight with the watchdog and with other bots, floods, and loaders. Own work. One string alone
 * never decides. Tested with pcaps/make/sample.py and against the programs of a Debian system (no hit).
 * Needs no module: ELF fields are read by position, both byte orders.
 */

private rule is_elf
{
    condition:
        uint32be(0) == 0x7f454c46
}

/* Processors of small devices: ARM, MIPS, SuperH, PowerPC, SPARC, m68k, ARC, AArch64, Xtensa. */
private rule is_small_device_elf
{
    condition:
        is_elf and
        ((uint8(5) == 1 and
          (uint16(18) == 40 or uint16(18) == 8 or uint16(18) == 42 or uint16(18) == 93 or uint16(18) == 183 or uint16(18) == 94)) or
         (uint8(5) == 2 and
          (uint16be(18) == 8 or uint16be(18) == 20 or uint16be(18) == 2 or uint16be(18) == 4 or uint16be(18) == 40)))
}

rule tramgac_iot_busybox_probe
{
    meta:
        description = "ELF program that tests for busybox as telnet loaders do"
        description_vi = "Tệp ELF dò busybox giống mã độc nạp qua telnet"
        severity = "1"
        attack = "T1059.004"
    strings:
        $probe = /\/bin\/busybox [A-Z]{4,16}/
        $answer = ": applet not found"
        $login1 = "ncorrect"
        $login2 = "ENTER THE PASSWORD" nocase
        $prompt1 = "enable"
        $prompt2 = "system"
        $prompt3 = "shell"
    condition:
        is_elf and filesize < 4MB and $probe and ($answer or any of ($login*)) and 2 of ($prompt*)
}

rule tramgac_iot_factory_passwords
{
    meta:
        description = "ELF program with a table of factory passwords of cameras and recorders"
        description_vi = "Tệp ELF chứa bảng mật khẩu mặc định của camera, đầu ghi"
        severity = "1"
        attack = "T1110.001"
    strings:
        $p01 = "xc3511" fullword
        $p02 = "vizxv" fullword
        $p03 = "xmhdipc" fullword
        $p04 = "juantech" fullword
        $p05 = "7ujMko0admin"
        $p06 = "7ujMko0vizxv"
        $p07 = "klv123"
        $p08 = "Zte521" fullword
        $p09 = "hi3518" fullword
        $p10 = "jvbzd" fullword
        $p11 = "dreambox" fullword
        $p12 = "realtek" fullword
        $p13 = "zlxx." fullword
        $p14 = "tsgoingon" fullword
        $p15 = "solokey" fullword
    condition:
        is_elf and filesize < 4MB and 4 of them
}

rule tramgac_iot_factory_passwords_xor
{
    meta:
        description = "ELF program with factory passwords hidden by one-byte XOR"
        description_vi = "Tệp ELF giấu mật khẩu mặc định bằng phép XOR một byte"
        severity = "1"
        attack = "T1027"
    strings:
        $p1 = "xc3511" xor(1-255)
        $p2 = "vizxv" xor(1-255)
        $p3 = "xmhdipc" xor(1-255)
        $p4 = "juantech" xor(1-255)
        $p5 = "7ujMko0admin" xor(1-255)
        $p6 = "/dev/watchdog" xor(1-255)
        $p7 = "applet not found" xor(1-255)
    condition:
        is_elf and filesize < 4MB and 3 of them
}

rule tramgac_iot_bot_housekeeping
{
    meta:
        description = "ELF program that disables the watchdog and hunts other processes and ports"
        description_vi = "Tệp ELF tắt watchdog và diệt tiến trình, cổng của mã độc khác"
        severity = "2"
        attack = "T1562.001"
    strings:
        $w1 = "/dev/watchdog"
        $w2 = "/dev/misc/watchdog"
        $n1 = "/proc/net/tcp"
        $n2 = "/proc/net/route"
        $x1 = "/maps"
        $x2 = "/exe"
        $b1 = "dvrHelper"
        $b2 = "/bin/busybox"
        $b3 = ".anime"
    condition:
        is_small_device_elf and filesize < 1MB and all of ($w*) and any of ($n*) and (any of ($b*) or all of ($x*))
}

rule tramgac_iot_flooder
{
    meta:
        description = "ELF program with several flood commands of IoT botnets"
        description_vi = "Tệp ELF chứa nhiều lệnh tấn công từ chối dịch vụ"
        severity = "1"
        attack = "T1498"
    strings:
        $f1 = "udpflood" nocase
        $f2 = "synflood" nocase
        $f3 = "ackflood" nocase
        $f4 = "httpflood" nocase
        $f5 = "stdflood" nocase
        $f6 = "vseattack" nocase
        $f7 = "killattk" nocase
        $f8 = "GETLOCALIP"
        $f9 = "HOLDFLOOD" nocase
        $f10 = "PING" fullword
        $f11 = "PONG!" fullword
        $f12 = "BOTKILL" nocase
        $f13 = "LOLNOGTFO"
    condition:
        is_elf and filesize < 4MB and 4 of them
}

rule tramgac_iot_downloader_script
{
    meta:
        description = "Shell script that fetches a program for many processors and runs it"
        description_vi = "Tập lệnh shell tải chương trình cho nhiều loại vi xử lý rồi chạy"
        severity = "1"
        attack = "T1105"
    strings:
        $sh = "#!/bin/"
        $get1 = "wget http://"
        $get2 = "curl -O http://"
        $get3 = "tftp -g"
        $get4 = "ftpget "
        $cd = /cd \/(tmp|var\/run|mnt|root|dev\/shm)/
        $mod = /chmod (\+x|0?777)/
        $a1 = /\.?mips\b/
        $a2 = /\.?mpsl\b/
        $a3 = /\.?arm[4-7]?\b/
        $a4 = /\.?sh4\b/
        $a5 = /\.?ppc\b/
        $a6 = /\.?x86\b/
        $a7 = /\.?m68k\b/
    condition:
        filesize < 64KB and $sh at 0 and any of ($get*) and $cd and $mod and 3 of ($a*)
}

rule tramgac_iot_packed_elf
{
    meta:
        description = "Small packed ELF program for the processor of a device"
        description_vi = "Tệp ELF nhỏ đã nén (UPX) cho vi xử lý thiết bị nhúng"
        severity = "2"
        attack = "T1027.002"
    strings:
        $upx = "UPX!"
    condition:
        is_small_device_elf and filesize < 300KB and $upx in (0..512)
}

rule tramgac_iot_headerless_elf
{
    meta:
        description = "ELF program for a device without section headers and with a botnet's words"
        description_vi = "Tệp ELF thiết bị nhúng không có bảng section, chứa từ khóa mã độc"
        severity = "2"
        attack = "T1027"
    strings:
        $c1 = "POST /cdn-cgi/"
        $c2 = "POST /GponForm/diag_Form"
        $c3 = "/ctrlt/DeviceUpgrade_1"
        $c4 = "NewNTPServer1"
        $c5 = "/UD/act?1"
        $c6 = "GETLOCALIP"
        $c7 = "/bin/busybox"
    condition:
        is_small_device_elf and filesize < 1MB and
        ((uint8(5) == 1 and uint16(48) == 0) or (uint8(5) == 2 and uint16be(48) == 0)) and 2 of them
}
