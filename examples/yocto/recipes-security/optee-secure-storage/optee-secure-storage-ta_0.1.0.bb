# SPDX-License-Identifier: MIT
SUMMARY = "Trusted Application of optee-secure-storage"
DESCRIPTION = "Keeps the secrets of Node.js applications in OP-TEE secure storage"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=843cfc2802f80573d02d5eac40c4957c"

# The package as "npm pack" makes it or the npm registry serves it. Put the
# tarball beside this recipe, in a folder "files".
SRC_URI = "file://optee-secure-storage-${PV}.tgz"
S = "${WORKDIR}/package"
B = "${WORKDIR}/build"

# optee-os-tadevkit is the kit of the very OP-TEE that the image boots.
DEPENDS = "optee-os-tadevkit python3-cryptography-native python3-pyelftools-native"
inherit python3native
export OPENSSL_MODULES = "${STAGING_LIBDIR_NATIVE}/ossl-modules"

# meta-tegra: export-user_ta; meta-arm: export-user_ta, too.
TA_DEV_KIT_DIR ?= "${STAGING_INCDIR}/optee/export-user_ta"
# The key that the board's OP-TEE trusts; empty: the kit's own.
SECSTOR_SIGN_KEY ?= ""

# The kit has flags of its own for the secure world.
CFLAGS[unexport] = "1"
CPPFLAGS[unexport] = "1"
LDFLAGS[unexport] = "1"
AS[unexport] = "1"
LD[unexport] = "1"

do_configure[noexec] = "1"

do_compile() {
    oe_runmake -C ${S}/ta O=${B} TA_DEV_KIT_DIR=${TA_DEV_KIT_DIR} \
        CROSS_COMPILE=${HOST_PREFIX} PYTHON3=python3 \
        CFLAGS64="${TOOLCHAIN_OPTIONS} ${DEBUG_PREFIX_MAP}" \
        ${@'TA_SIGN_KEY=' + d.getVar('SECSTOR_SIGN_KEY') if d.getVar('SECSTOR_SIGN_KEY') else ''}
}
do_compile[cleandirs] = "${B}"

do_install() {
    install -d ${D}${nonarch_base_libdir}/optee_armtz
    install -m 0644 ${B}/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta ${D}${nonarch_base_libdir}/optee_armtz/
}

FILES:${PN} = "${nonarch_base_libdir}/optee_armtz"
RDEPENDS:${PN} = "optee-client"

# It is signed over its contents, and no program of Linux.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_SYSROOT_STRIP = "1"
INSANE_SKIP:${PN} = "already-stripped arch"
