//! The catalogue's table of contents. To add a code, write its block in the file it belongs to and
//! its line here, where the codes stand in order; the tests say what is missing.

use super::Status;

mod aws;
mod client_error_40x;
mod client_error_41x;
mod client_error_42x;
mod cloudflare;
mod informational;
mod microsoft;
mod nginx;
mod qiniu;
mod redirection;
mod server_error;
mod shopify;
mod success;
mod unregistered;

/// Every row, in ascending order of the code.
pub(super) static ALL: &[&Status] = &[
    &informational::CONTINUE,                           // 100
    &informational::SWITCHING_PROTOCOLS,                // 101
    &informational::PROCESSING,                         // 102
    &informational::EARLY_HINTS,                        // 103
    &informational::UPLOAD_RESUMPTION_SUPPORTED,        // 104
    &success::OK,                                       // 200
    &success::CREATED,                                  // 201
    &success::ACCEPTED,                                 // 202
    &success::NON_AUTHORITATIVE_INFORMATION,            // 203
    &success::NO_CONTENT,                               // 204
    &success::RESET_CONTENT,                            // 205
    &success::PARTIAL_CONTENT,                          // 206
    &success::MULTI_STATUS,                             // 207
    &success::ALREADY_REPORTED,                         // 208
    &unregistered::CONTENT_DIFFERENT,                   // 210
    &unregistered::THIS_IS_FINE,                        // 218
    &success::IM_USED,                                  // 226
    &qiniu::PARTIAL_OK,                                 // 298
    &redirection::MULTIPLE_CHOICES,                     // 300
    &redirection::MOVED_PERMANENTLY,                    // 301
    &redirection::FOUND,                                // 302
    &redirection::SEE_OTHER,                            // 303
    &redirection::NOT_MODIFIED,                         // 304
    &redirection::USE_PROXY,                            // 305
    &redirection::UNUSED_306,                           // 306
    &redirection::TEMPORARY_REDIRECT,                   // 307
    &redirection::PERMANENT_REDIRECT,                   // 308
    &unregistered::TOO_MANY_REDIRECTS,                  // 310
    &client_error_40x::BAD_REQUEST,                     // 400
    &client_error_40x::UNAUTHORIZED,                    // 401
    &client_error_40x::PAYMENT_REQUIRED,                // 402
    &client_error_40x::FORBIDDEN,                       // 403
    &client_error_40x::NOT_FOUND,                       // 404
    &client_error_40x::METHOD_NOT_ALLOWED,              // 405
    &client_error_40x::NOT_ACCEPTABLE,                  // 406
    &client_error_40x::PROXY_AUTHENTICATION_REQUIRED,   // 407
    &client_error_40x::REQUEST_TIMEOUT,                 // 408
    &client_error_40x::CONFLICT,                        // 409
    &client_error_41x::GONE,                            // 410
    &client_error_41x::LENGTH_REQUIRED,                 // 411
    &client_error_41x::PRECONDITION_FAILED,             // 412
    &client_error_41x::CONTENT_TOO_LARGE,               // 413
    &client_error_41x::URI_TOO_LONG,                    // 414
    &client_error_41x::UNSUPPORTED_MEDIA_TYPE,          // 415
    &client_error_41x::RANGE_NOT_SATISFIABLE,           // 416
    &client_error_41x::EXPECTATION_FAILED,              // 417
    &client_error_41x::UNUSED_418,                      // 418
    &unregistered::PAGE_EXPIRED,                        // 419
    &unregistered::ENHANCE_YOUR_CALM,                   // 420
    &client_error_42x::MISDIRECTED_REQUEST,             // 421
    &client_error_42x::UNPROCESSABLE_CONTENT,           // 422
    &client_error_42x::LOCKED,                          // 423
    &client_error_42x::FAILED_DEPENDENCY,               // 424
    &client_error_42x::TOO_EARLY,                       // 425
    &client_error_42x::UPGRADE_REQUIRED,                // 426
    &client_error_42x::PRECONDITION_REQUIRED,           // 428
    &client_error_42x::TOO_MANY_REQUESTS,               // 429
    &shopify::SHOPIFY_SECURITY_REJECTION,               // 430
    &client_error_42x::REQUEST_HEADER_FIELDS_TOO_LARGE, // 431
    &microsoft::LOGIN_TIME_OUT,                         // 440
    &nginx::NO_RESPONSE,                                // 444
    &microsoft::RETRY_WITH,                             // 449
    &microsoft::BLOCKED_BY_WINDOWS_PARENTAL_CONTROLS,   // 450
    &client_error_42x::UNAVAILABLE_FOR_LEGAL_REASONS,   // 451
    &microsoft::BLOCKED,                                // 456
    &microsoft::EXPIRED_PASSWORD,                       // 457
    &aws::CLIENT_CLOSED_CONNECTION,                     // 460
    &aws::X_FORWARDED_FOR_TOO_MANY_ADDRESSES,           // 463
    &aws::INCOMPATIBLE_PROTOCOL,                        // 464
    &qiniu::MIRROR_SOURCE_FAILED,                       // 478
    &nginx::REQUEST_HEADER_TOO_LARGE,                   // 494
    &nginx::SSL_CERTIFICATE_ERROR,                      // 495
    &nginx::SSL_CERTIFICATE_REQUIRED,                   // 496
    &nginx::HTTP_REQUEST_SENT_TO_HTTPS_PORT,            // 497
    &nginx::INVALID_TOKEN,                              // 498
    &nginx::CLIENT_CLOSED_REQUEST,                      // 499
    &server_error::INTERNAL_SERVER_ERROR,               // 500
    &server_error::NOT_IMPLEMENTED,                     // 501
    &server_error::BAD_GATEWAY,                         // 502
    &server_error::SERVICE_UNAVAILABLE,                 // 503
    &server_error::GATEWAY_TIMEOUT,                     // 504
    &server_error::HTTP_VERSION_NOT_SUPPORTED,          // 505
    &server_error::VARIANT_ALSO_NEGOTIATES,             // 506
    &server_error::INSUFFICIENT_STORAGE,                // 507
    &server_error::LOOP_DETECTED,                       // 508
    &unregistered::BANDWIDTH_LIMIT_EXCEEDED,            // 509
    &server_error::NOT_EXTENDED,                        // 510
    &server_error::NETWORK_AUTHENTICATION_REQUIRED,     // 511
    &unregistered::FREQUENCY_CAPPED,                    // 514
    &cloudflare::WEB_SERVER_RETURNED_AN_UNKNOWN_ERROR,  // 520
    &cloudflare::WEB_SERVER_IS_DOWN,                    // 521
    &cloudflare::CONNECTION_TIMED_OUT,                  // 522
    &cloudflare::ORIGIN_IS_UNREACHABLE,                 // 523
    &cloudflare::A_TIMEOUT_OCCURRED,                    // 524
    &cloudflare::SSL_HANDSHAKE_FAILED,                  // 525
    &cloudflare::INVALID_SSL_CERTIFICATE,               // 526
    &cloudflare::RAILGUN_ERROR,                         // 527
    &unregistered::SITE_IS_OVERLOADED,                  // 529
    &cloudflare::ORIGIN_ERROR,                          // 530
    &shopify::TEMPORARILY_DISABLED,                     // 540
    &aws::UNAUTHORIZED_561,                             // 561
    &aws::JWKS_REQUEST_FAILED,                          // 562
    &qiniu::RESOURCE_ACCESS_FREQUENCY_TOO_HIGH,         // 573
    &qiniu::CALLBACK_FAILED,                            // 579
    &unregistered::NETWORK_READ_TIMEOUT_ERROR,          // 598
    &unregistered::NETWORK_CONNECT_TIMEOUT_ERROR,       // 599
    &qiniu::RESOURCE_MODIFIED,                          // 608
    &qiniu::NO_SUCH_FILE,                               // 612
    &qiniu::FILE_EXISTS,                                // 614
    &qiniu::TOO_MANY_BUCKETS,                           // 630
    &qiniu::NO_SUCH_BUCKET,                             // 631
    &qiniu::INVALID_LIST_MARKER,                        // 640
    &qiniu::INVALID_UPLOAD_CONTEXT,                     // 701
    &shopify::UNEXPECTED_TOKEN,                         // 783
    &unregistered::REQUEST_DENIED,                      // 999
];
