# The Debian packages: a component each. `tools/package` makes them.
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "grantd developers <developers@grantd.example>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
# With it the prefix is /usr while files are copied, which the module's registration takes up.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL grantd grant-pkcs11 grantctl grantd-doc)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_GRANTD_PACKAGE_NAME grantd)
set(CPACK_DEBIAN_GRANTD_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_GRANTD_DESCRIPTION "sign with the keys of a token under grants: the daemon
grantd holds the PIN of PKCS#11 tokens, and lets people sign with their keys
only under a grant: approved by the right people, for a limited time, for a
limited number of signatures. Each use is counted and audited before its
signature goes out.

This package has the daemon, its units for systemd and an example of its
configuration.")
set(CPACK_DEBIAN_GRANTD_PACKAGE_DEPENDS
  "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, tzdata")
set(CPACK_DEBIAN_GRANTD_PACKAGE_RECOMMENDS "grantctl, ca-certificates")
set(CPACK_DEBIAN_GRANTD_PACKAGE_SUGGESTS "grantd-doc, softhsm2")
foreach(script conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_GRANTD_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/grantd/${script})
endforeach()

set(CPACK_DEBIAN_GRANT-PKCS11_PACKAGE_NAME grant-pkcs11)
set(CPACK_DEBIAN_GRANT-PKCS11_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_GRANT-PKCS11_DESCRIPTION "sign with the keys of a token under grants: the PKCS#11 module
A PKCS#11 module that looks like the tokens behind grantd. openssl,
osslsigncode, pkcs11-tool and every other program that speaks PKCS#11 signs
through it without a PIN, as far as a grant allows.

It is registered with p11-kit.")
set(CPACK_DEBIAN_GRANT-PKCS11_PACKAGE_RECOMMENDS grantctl)
set(CPACK_DEBIAN_GRANT-PKCS11_PACKAGE_SUGGESTS "grantd, p11-kit")

set(CPACK_DEBIAN_GRANTCTL_PACKAGE_NAME grantctl)
set(CPACK_DEBIAN_GRANTCTL_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_GRANTCTL_DESCRIPTION "sign with the keys of a token under grants: the command line
grantctl asks grantd for grants, decides on requests, changes the rules, and
shows what was signed, by whom, and why something was refused.")
set(CPACK_DEBIAN_GRANTCTL_PACKAGE_SUGGESTS "grant-pkcs11, grantd-doc")

set(CPACK_DEBIAN_GRANTD-DOC_PACKAGE_NAME grantd-doc)
set(CPACK_DEBIAN_GRANTD-DOC_PACKAGE_SECTION doc)
set(CPACK_DEBIAN_GRANTD-DOC_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_GRANTD-DOC_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_GRANTD-DOC_DESCRIPTION "sign with the keys of a token under grants: documentation
Installation, configuration, the commands, working recipes for the signing
tools, the REST API, what every refusal means, and how grantd is built.")

include(CPack)
